"""What a form is refused with: a sentence with the limit, in the reader's words."""

from __future__ import annotations

import pytest
from pydantic import Field

from backend.errors import Invalid
from backend.kit.drafts import Draft
from backend.language import Reader, reading, worded


class Named(Draft):
    name: str = Field(min_length=3, max_length=80)


@pytest.mark.parametrize(
    ("values", "english", "italian"),
    [
        ({"name": "è così" * 50}, "Name: at most 80 characters.", "Nome: al massimo 80 caratteri."),
        ({"name": "👩🏽‍🦰" * 21}, "Name: at most 80 characters.", "Nome: al massimo 80 caratteri."),
        ({"name": "ab"}, "Name: at least 3 characters.", "Nome: almeno 3 caratteri."),
        ({}, "Name: fill this in.", "Nome: compila questo campo."),
    ],
)
def test_a_text_that_is_too_long_or_missing_is_refused_with_its_limit(
    values: dict[str, str], english: str, italian: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        Named(**values)
    assert refusal.value.message == english
    with reading(Reader("it")):
        assert worded(refusal.value.message) == italian

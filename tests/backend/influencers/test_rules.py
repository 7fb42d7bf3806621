"""Trigger words and drafts: what a person may type, and what they are told when they may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.influencers import LANGUAGES, InfluencerDraft, Persona, propose_trigger_word, time_zones
from backend.influencers.rules import TRIGGER_WORD


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Bella", "bella"),
        ("Bella Rossi", "bella_rossi"),
        ("Zoë d'Arc", "zoe_d_arc"),
        ("  K-9 ✨ ", "k_9"),
        ("X" * 80, "x" * 32),
    ],
)
def test_a_trigger_word_is_made_of_the_names_letters(name: str, word: str) -> None:
    assert propose_trigger_word(name) == word


@given(st.text(max_size=120))
def test_every_name_gets_a_valid_trigger_word(name: str) -> None:
    assert TRIGGER_WORD.fullmatch(propose_trigger_word(name))


def test_names_without_latin_letters_get_different_words() -> None:
    assert propose_trigger_word("美咲") != propose_trigger_word("美羽")


def test_an_empty_trigger_word_is_proposed() -> None:
    draft = InfluencerDraft(name="Bella Rossi")
    assert (draft.trigger_word, draft.language, draft.time_zone, draft.ai_mark) == ("bella_rossi", "en", "UTC", True)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "ab"}, "3 to 80 characters"),
        ({"name": "x" * 81}, "3 to 80 characters"),
        ({"name": "Bella", "trigger_word": "two words"}, "one word of 3 to 32"),
        ({"name": "Bella", "trigger_word": "Ü"}, "one word of 3 to 32"),
        ({"name": "Bella", "language": "tlh"}, "languages in the list"),
        ({"name": "Bella", "time_zone": "Mars/Base"}, "time zones in the list"),
        ({"name": "Bella", "nickname": "B"}, "Nickname"),
        ({"name": "Bella", "look_prompt": "x" * 1001}, "Look prompt"),
        ({}, "Name"),
    ],
)
def test_a_bad_value_is_a_sentence(values: dict[str, str], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        InfluencerDraft(**values)


def test_all_complaints_come_at_once() -> None:
    with pytest.raises(Invalid, match=r"3 to 80 characters.*languages in the list") as caught:
        InfluencerDraft(name="a", trigger_word="abc", language="xx")
    assert [field for field, _ in caught.value.data["complaints"]] == ["name", "language"]


def test_emoji_and_control_characters() -> None:
    draft = InfluencerDraft(name="Bella\x00 🌸", persona=Persona(bio="line one\nline two\x07\ud800"))
    assert draft.name == "Bella 🌸"
    assert draft.persona.bio == "line one\nline two"


def test_lists_of_choices() -> None:
    assert LANGUAGES["pt-BR"] == "Portuguese (Brazil)"
    assert time_zones()[0] == "UTC"
    assert "Europe/Berlin" in time_zones()

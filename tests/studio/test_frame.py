"""What every page shares."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from studio.ui.format import plain

SENTENCE = r"Write \{ when you mean it, __places__ for a list, <lora:bella:0.8> for a LoRA; not [this](https://evil.example)."


def test_what_is_wrong_is_said_letter_by_letter() -> None:
    """Sentences name what people typed: signs that markdown would eat, and links that somebody else wrote."""

    def page(sentence: str) -> None:
        from backend.errors import Invalid
        from studio.shell.frame import error_boundary

        with error_boundary():
            raise Invalid(sentence)

    at = AppTest.from_function(page, kwargs={"sentence": SENTENCE}).run()
    assert [element.value for element in at.error] == [plain(SENTENCE)]

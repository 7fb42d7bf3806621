"""Limits of writing styles: how much source is enough, how long a text may be. Pure."""

from __future__ import annotations

from backend.language import tr_lazy

LANGUAGES = {
    "en": tr_lazy("English"),
    "it": tr_lazy("Italian"),
    "es": tr_lazy("Spanish"),
    "fr": tr_lazy("French"),
    "de": tr_lazy("German"),
    "pt": tr_lazy("Portuguese"),
}
"""Languages that are recognised. A source in another one can be learned from; its person and tense are not measured."""
MIN_SOURCE_WORDS = 400
"""A style is not learned from fewer words: no rate would mean anything."""
RELIABLE_SOURCE_WORDS = 1500
MAX_SOURCE_WORDS = 400_000
CONVERSATION_TOKENS = 2000
"""Tokens of earlier texts that a model is shown before it writes the next, at most."""
MAX_FILES = 20
MAX_TEXT_WORDS = 3000
MAX_TOPIC = 500
LENGTH_TOLERANCE = 0.1
"""A text may have this share of words more or less than asked for; a sentence is never cut for it."""
MAX_SHARED_RUN = 12
"""A text may share so many words in a row with its source, as common phrases do; more is copying."""


def too_little_message(words: int) -> str:
    """The error message, or "" when it is enough to learn from."""
    if words >= MIN_SOURCE_WORDS:
        return ""
    return tr_lazy(
        "{n:,} words are too few to learn a style from: {least:,} are needed, {better:,} or more are better. Add more "
        "pages by the same author.",
        n=words,
        least=MIN_SOURCE_WORDS,
        better=RELIABLE_SOURCE_WORDS,
    )

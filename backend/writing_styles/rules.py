"""How much is enough, how much is too much. Pure."""

from __future__ import annotations

LANGUAGES = {
    "en": "English",
    "it": "Italian",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "pt": "Portuguese",
}
"""Those whose texts are recognised; a source in another one works, its person and tense are not told."""
MIN_SOURCE_WORDS = 400
"""Under this a style is not learned at all: no rate of anything would mean something."""
RELIABLE_SOURCE_WORDS = 1500
MAX_SOURCE_WORDS = 400_000
MAX_FILES = 20
MAX_TEXT_WORDS = 3000
MAX_TOPIC = 500
LENGTH_TOLERANCE = 0.1
"""A text may have this share of words more or less than asked for; a sentence is never cut for it."""
MAX_SHARED_RUN = 12
"""Words in a row that a text may share with its source; more is copying. Common phrases are shorter."""


def too_little_message(words: int) -> str:
    """The sentence, or "" when it is enough to learn from."""
    if words >= MIN_SOURCE_WORDS:
        return ""
    return (
        f"{words:,} words are too little to learn a style from: {MIN_SOURCE_WORDS:,} are needed, "
        f"{RELIABLE_SOURCE_WORDS:,} or more are "
        "better. Add more pages by the same author."
    )

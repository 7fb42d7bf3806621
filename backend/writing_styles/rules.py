"""How much is enough, how much is too much. Pure."""

from __future__ import annotations

LANGUAGES = {
    "en": "English", "it": "Italian", "es": "Spanish", "fr": "French", "de": "German", "pt": "Portuguese",
}  # fmt: skip
"""Those whose texts are recognised; a source in another one works, its person and tense are not told."""
LEAST_WORDS = 400
"""Under this a style is not learned at all: no rate of anything would mean something."""
STEADY_WORDS = 1500
MOST_SOURCE_WORDS = 400_000
MOST_FILES = 20
MOST_WORDS = 3000
LONGEST_TOPIC = 500
TOLERANCE = 0.1
"""A text may have this share of words more or less than asked for; a sentence is never cut for it."""
LONGEST_RUN = 12
"""Words in a row that a text may share with its source; more is copying. Common phrases are shorter."""


def too_little(words: int) -> str:
    """The sentence, or "" when it is enough to learn from."""
    if words >= LEAST_WORDS:
        return ""
    return (
        f"{words:,} words are too little to learn a style from: {LEAST_WORDS:,} are needed, {STEADY_WORDS:,} or more are "
        "better. Add more pages by the same author."
    )

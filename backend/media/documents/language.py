"""Detects the language of short texts. The first call takes two seconds; the model stays in memory."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

MIN_LETTERS = 24
"""With fewer letters no language is named: two or three words are the same in several languages."""
_MIN_CONFIDENCE = 0.9
_EQUIVALENT_TAGS = {"nb": {"no", "da"}}
"""Labels of the model that count as a language; it cannot tell Norwegian and Danish captions apart."""
_NOT_WORDS = re.compile(r"https?://\S+|[#@]\w+|[^\w\s'’.,;:!?-]", re.UNICODE)


def other_language(text: str, language: str) -> str:
    """The ISO 639-1 code of the text's language when it is surely not `language` (BCP 47); else "".

    Hashtags, mentions, links and emoji are ignored. Short texts and uncertain ones give "".
    """
    plain_text = " ".join(_NOT_WORDS.sub(" ", text).split())
    if sum(c.isalpha() for c in plain_text) < MIN_LETTERS:
        return ""
    detected, confidence = _identifier().classify(plain_text)
    primary_tag = language.partition("-")[0]
    return "" if confidence < _MIN_CONFIDENCE or detected in _EQUIVALENT_TAGS.get(primary_tag, {primary_tag}) else str(detected)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # takes 2 s and 130 MB, so only on first use

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

"""In which language a short text is. Pure; the first question takes two seconds, the model stays in memory."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

LEAST_LETTERS = 24
"""Under this no answer is given: two or three words are the same in several languages."""
_SURE = 0.9
_OTHERS_OF = {"nb": {"no", "da"}}
"""Tags the model says for a language; Norwegian and Danish captions cannot be told apart."""
_MARKS = re.compile(r"https?://\S+|[#@]\w+|[^\w\s'’.,;:!?-]", re.UNICODE)


def is_other(text: str, language: str) -> str:
    """The ISO 639-1 code of the language that `text` is surely in, when that is not `language` (BCP 47); else "".

    Hashtags, mentions, links and emoji do not count. Short texts, and texts of which nobody can be sure, give "".
    """
    words = " ".join(_MARKS.sub(" ", text).split())
    if sum(c.isalpha() for c in words) < LEAST_LETTERS:
        return ""
    found, sure = _model().classify(words)
    main = language.partition("-")[0]
    return "" if sure < _SURE or found in _OTHERS_OF.get(main, {main}) else str(found)


@cache
def _model() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # 2 s and 130 MB: not before somebody asks

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

"""Finds what a boundary (a sentence of `persona.dont`) names, and whether a text touches it. Pure.

“never promise quick results” names promise, quick, results: a text touches it when it has these words in this order, each near
the one before, in any form (promised quicker result). A boundary that names several things (politics, religion or war) is
touched by each of them. A boundary that names more than six words is not looked for: only a person or a model can judge it.
"""

from __future__ import annotations

import re
import unicodedata

from backend.platforms.text_limits import hashtags_in

MAX_PHRASE_WORDS = 6
_MAX_GAP = 3
"""So many other words may stand between two words of a phrase."""
_WORD = re.compile(r"\w+(?:'\w+)?")
_SEPARATOR = re.compile(r"[,;/]|\bor\b|\bnor\b|\boppure\b|\bo\b")
_LEADING_LIST = (
    "never no not don't dont do does avoid avoids avoiding mention talk talks speak write about use say discuss post show any "
    "mai non niente parlare parla parlo di del della dei delle usare usa dire dice nominare discutere evita evitare mostrare"
)
_STOP_LIST = (
    "the a an and of to in on at for with from by her his their its my your our she he they it this that is are was were be as "
    "all il lo la i gli le un uno una e ed al alla ai alle da con su per tra che suo sua suoi sue mio mia come"
)
_LEADING_WORDS, _STOP_WORDS = frozenset(_LEADING_LIST.split()), frozenset(_STOP_LIST.split())
"""Words that a boundary begins with and that are not what it names; words that are never counted. English and Italian."""
_ENDINGS = frozenset(("", "s", "es", "e", "ed", "d", "ing", "er", "ers", "y", "ies", "ied", "a", "i", "o", "he", "hi"))
"""What may follow the common stem of two forms of a word: English endings, and Italian's last vowels."""


def named_phrases(line: str) -> tuple[str, ...]:
    """“never talk about politics or her ex” -> (“politics”, “ex”). () when it names nothing that can be looked for."""
    found_phrases = []
    for part in _SEPARATOR.split(fold_letters(line)):
        words = [word for word in _content_words(part) if word not in _LEADING_WORDS]
        if len(words) > MAX_PHRASE_WORDS:
            return ()
        if words:
            found_phrases.append(" ".join(words))
    return tuple(found_phrases)


def touches(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` in this order and near each other, or written together as a hashtag."""
    phrase_words = phrase.split()
    text_words = _content_words(fold_letters(text))
    joined = "".join(phrase_words)
    if any(_same_word(tag[1:], joined) for tag in hashtags_in(fold_letters(text))):
        return True
    return any(
        _same_word(word, phrase_words[0]) and _continues_nearby(text_words[at + 1 :], phrase_words[1:])
        for at, word in enumerate(text_words)
    )


def _content_words(text: str) -> list[str]:
    return [word.removesuffix("'s") for word in _WORD.findall(text) if word not in _STOP_WORDS]


def _continues_nearby(text_words: list[str], phrase_words: list[str]) -> bool:
    if not phrase_words:
        return True
    near = enumerate(text_words[: _MAX_GAP + 1])
    return any(
        _same_word(word, phrase_words[0]) and _continues_nearby(text_words[at + 1 :], phrase_words[1:]) for at, word in near
    )


def _same_word(first: str, second: str) -> bool:
    """Whether two words are forms of one, judged by their endings: promise, promised, promising; politica, politiche."""
    if first == second:
        return True
    n = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second)))
    ends = {first[n:], second[n:]}
    if n <= 3:
        return n == 3 and ends in (
            {"", "s"},
            {"e", "ing"},
        )  # short words share their beginnings with too many others: car, care
    return n >= max(len(first), len(second)) - 3 and ends <= _ENDINGS and ends != {"", "e"}


def fold_letters(text: str) -> str:
    """Lower-case letters without accents, and one kind of apostrophe."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))

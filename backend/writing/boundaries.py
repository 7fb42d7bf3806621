"""What a boundary (`persona.dont`, a sentence) is about, and whether a text touches it. Pure.

“never promise quick results” is about the words promise, quick, results: a text touches it that has them in this order, each
near the one before, in whatever form (promised quicker result). A boundary that names several things (politics, religion or
war) is touched by each. Of more than six words only a person, or a model, can judge.
"""

from __future__ import annotations

import re
import unicodedata

from backend.platforms.text_limits import hashtags_in

MOST_WORDS = 6
_BETWEEN = 3
"""So many other words may stand between two of them."""
_WORDS = re.compile(r"\w+(?:'\w+)?")
_OR = re.compile(r"[,;/]|\bor\b|\bnor\b|\boppure\b|\bo\b")
_LEADING = (
    "never no not don't dont do does avoid avoids avoiding mention talk talks speak write about use say discuss post show any "
    "mai non niente parlare parla parlo di del della dei delle usare usa dire dice nominare discutere evita evitare mostrare"
)
_LITTLE_ONES = (
    "the a an and of to in on at for with from by her his their its my your our she he they it this that is are was were be as "
    "all il lo la i gli le un uno una e ed al alla ai alle da con su per tra che suo sua suoi sue mio mia come"
)
_LEAD, _LITTLE = frozenset(_LEADING.split()), frozenset(_LITTLE_ONES.split())
"""Words a boundary begins with that are not what it is about; words that are nowhere counted. English and Italian."""
_ENDINGS = frozenset(("", "s", "es", "e", "ed", "d", "ing", "er", "ers", "y", "ies", "ied", "a", "i", "o", "he", "hi"))
"""What two forms of a word may differ in after what they share: English, and Italian's last vowels."""


def phrases(line: str) -> tuple[str, ...]:
    """“never talk about politics or her ex” -> (“politics”, “ex”). () when nothing is named that could be looked for."""
    made = []
    for part in _OR.split(plain(line)):
        named = [word for word in _counted(part) if word not in _LEAD]
        if len(named) > MOST_WORDS:
            return ()
        if named:
            made.append(" ".join(named))
    return tuple(made)


def touches(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` in this order and near each other, also as one hashtag."""
    wanted = phrase.split()
    said = _counted(plain(text))
    joined = "".join(wanted)
    if any(_alike(tag[1:], joined) for tag in hashtags_in(plain(text))):
        return True
    return any(_alike(word, wanted[0]) and _goes_on(said[at + 1 :], wanted[1:]) for at, word in enumerate(said))


def _counted(text: str) -> list[str]:
    return [word.removesuffix("'s") for word in _WORDS.findall(text) if word not in _LITTLE]


def _goes_on(said: list[str], wanted: list[str]) -> bool:
    if not wanted:
        return True
    near = enumerate(said[: _BETWEEN + 1])
    return any(_alike(word, wanted[0]) and _goes_on(said[at + 1 :], wanted[1:]) for at, word in near)


def _alike(one: str, other: str) -> bool:
    """Forms of one word, as far as their endings tell: promise, promised, promising; politica, politiche."""
    if one == other:
        return True
    n = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    ends = {one[n:], other[n:]}
    if n <= 3:
        return n == 3 and ends in (
            {"", "s"},
            {"e", "ing"},
        )  # short words share their beginnings with too many others: car, care
    return n >= max(len(one), len(other)) - 3 and ends <= _ENDINGS and ends != {"", "e"}


def plain(text: str) -> str:
    """Small letters without accents, one kind of apostrophe."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(c for c in bare if not unicodedata.combining(c))

"""Splits a script into scenes: what is said while one picture is seen. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from backend.errors import Invalid
from backend.language import tr_lazy

MAX_SCRIPT = 6_000
"""Characters: about six minutes of speech."""
MAX_SCENES = 60
WORDS_PER_SECOND = 2.6
"""How fast people and voices speak."""
TARGET_WORDS = 16
"""Of one scene: about six seconds."""
MAX_WORDS = 26
_MAX_CHARACTERS = 300
"""Of one scene: languages without spaces, and what is no words at all, have few words and many characters."""
_BREAK = re.compile(r"\n\s*(?:-{3,}|\*{3,}|={3,})\s*\n|\n\s*\n")
_HEADING = re.compile(r"^\s*(?:#+\s*|(?:scene|scena|szene|escena|scène)\s*\d*\s*[:.\-]\s*|\[[^\]\n]{1,40}\]\s*)", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?…。！？]+(?:[.!?…。！？]+[\"'»”’)\]]*|$)")
_CLAUSE = re.compile(r"(?<=[,;:–—])\s+")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e|Sig|Dott)|\b[A-Z]|\d)\.$")


def split_script(script: str) -> list[str]:
    """The words of each scene, in order; together they are the script without its headings.

    Blank lines and lines of dashes begin a scene; longer parts are split at sentences, long sentences at commas. Raises Invalid
    for a script that is empty, longer than MAX_SCRIPT, or gives more than MAX_SCENES.
    """
    script = checked_script(script)
    scenes = [scene for block in _BREAK.split(script) for scene in _scenes_of(_HEADING.sub("", block))]
    if not scenes:
        raise Invalid(tr_lazy("There is nothing to say in this script. Write at least one sentence."))
    if len(scenes) > MAX_SCENES:
        raise Invalid(
            tr_lazy(
                "This script makes {n} scenes; a reel has at most {max_scenes}. Make several reels of it.",
                n=len(scenes),
                max_scenes=MAX_SCENES,
            )
        )
    return scenes


def split_into(script: str, n: int) -> list[str]:
    """The words of exactly `n` scenes, of about the same length. Later ones are "" where the script has fewer words.

    Raises Invalid as `split_script`.
    """
    script = checked_script(script)
    parts = [sentence for block in _BREAK.split(script) for sentence in _sentences(_HEADING.sub("", block))]
    while len(parts) < n and (longest := max(parts, key=_count, default="")) and _count(longest) > 1:
        at = parts.index(longest)
        words = longest.split()
        parts[at : at + 1] = [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])]
    return _balanced(parts, n)


def checked_script(script: str) -> str:
    """Raises Invalid for a script that is empty or too long."""
    script = script.replace("\x00", "").replace("\r\n", "\n").strip()
    if not any(letter.isalnum() for letter in script):
        raise Invalid(tr_lazy("Write the script first: what is said in the reel."))
    check_length(script)
    return script


def check_length(script: str) -> None:
    """Raises Invalid for a script that is too long."""
    if len(script) > MAX_SCRIPT:
        raise Invalid(
            tr_lazy(
                "This script has {n:,} characters; a reel takes at most {max_script:,}. Shorten it, or split it.",
                n=len(script),
                max_script=MAX_SCRIPT,
            )
        )


def speaking_seconds(words: str) -> float:
    """About how long these words take; 0 for none."""
    return round(_count(words) / WORDS_PER_SECOND, 2)


def _scenes_of(block: str) -> list[str]:
    """A block's sentences, put together while a scene stays near TARGET_WORDS."""
    scenes: list[str] = []
    for sentence in _sentences(block):
        for part in _short_parts(sentence):
            if scenes and _fit_together(scenes[-1], part):
                scenes[-1] = f"{scenes[-1]} {part}"
            else:
                scenes.append(part)
    return scenes


def _sentences(block: str) -> list[str]:
    """Lines are sentences of their own; abbreviations and numbers do not end one."""
    sentences: list[str] = []
    for line in block.splitlines():
        parts: list[str] = []
        for match in _SENTENCE.finditer(" ".join(line.split())):
            text = match[0]
            if parts and _ABBREVIATION.search(parts[-1]):
                parts[-1] += text
            elif text.strip():
                parts.append(text)
        sentences += [part.strip() for part in parts]
    return sentences


def _short_parts(sentence: str) -> list[str]:
    """The sentence, or where it is longer than MAX_WORDS, its clauses; a clause that is still too long is cut evenly."""
    if _count(sentence) <= MAX_WORDS and len(sentence) <= _MAX_CHARACTERS:
        return [sentence]
    parts: list[str] = []
    for clause in _CLAUSE.split(sentence):
        words = [word[at : at + _MAX_CHARACTERS] for word in clause.split() for at in range(0, len(word), _MAX_CHARACTERS)]
        pieces = min(len(words), max(-(-len(words) // MAX_WORDS), -(-len(clause) // _MAX_CHARACTERS)))
        for start, end in pairwise(round(len(words) * n / pieces) for n in range(pieces + 1)):
            piece = " ".join(words[start:end])
            if parts and _fit_together(parts[-1], piece):
                parts[-1] = f"{parts[-1]} {piece}"
            else:
                parts.append(piece)
    return parts


def _fit_together(first: str, second: str) -> bool:
    """Whether they may be one scene."""
    return _count(first) + _count(second) <= TARGET_WORDS and len(first) + len(second) < _MAX_CHARACTERS


def _balanced(parts: Sequence[str], n: int) -> list[str]:
    """`parts` in `n` groups of neighbours with about the same number of words; none is empty while there are parts enough."""
    total, groups, at, spoken = sum(map(_count, parts)), list[str](), 0, 0
    for group_number in range(1, n + 1):
        group: list[str] = []
        groups_left = n - group_number
        while at < len(parts) and (
            not group or (len(parts) - at > groups_left and spoken + _count(parts[at]) / 2 < total * group_number / n)
        ):
            group.append(parts[at])
            spoken += _count(parts[at])
            at += 1
        groups.append(" ".join(group))
    groups[-1] = " ".join([groups[-1], *parts[at:]]).strip()
    return groups


def _count(text: str) -> int:
    return len(text.split())

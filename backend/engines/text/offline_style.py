"""Writes a text without a model in the rhythm of a style: its sentence and paragraph lengths, its person, its marks.

It is no imitation, and is said not to be: sentences are put together from the lists of `offline_style_words`, about the topic.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, field

from backend.engines.text.offline_style_words import MANNERS, Manner
from backend.engines.text.port import StyleBrief
from backend.errors import Unsupported

MOST_WORDS = 400
"""Beyond this the lists would begin to repeat."""


def write(brief: StyleBrief) -> str:
    """About `brief.words` words, at most MOST_WORDS. Raises Unsupported for other languages, and for longer texts."""
    manner = MANNERS.get(brief.language)
    if manner is None:
        raise Unsupported("The offline writer writes English and Italian. Set OPENROUTER_API_KEY for other languages.")
    if brief.words > MOST_WORDS:
        raise Unsupported(f"The offline writer writes at most {MOST_WORDS} words. Ask for fewer, or set OPENROUTER_API_KEY.")
    return _Writer(brief, manner).text()


_EXCLAIMED = 8
"""Words that a sentence with an exclamation mark has at most."""


@dataclass
class _Writer:
    brief: StyleBrief
    manner: Manner
    _used: set[str] = field(default_factory=set)
    _since: int = 2
    """Sentences since the topic was named."""

    def text(self) -> str:
        seed = f"{self.brief.topic}|{self.brief.variant}|{self.brief.words}"
        self._random = random.Random(zlib.crc32(seed.encode()))
        made: list[list[str]] = [[]]
        n = in_paragraph = 0
        while n < self.brief.words:
            sentence = self._sentence()
            made[-1].append(sentence)
            words = len(sentence.split())
            n, in_paragraph = n + words, in_paragraph + words
            if in_paragraph >= max(25.0, min(140.0, self.brief.paragraph)):
                made.append([])
                in_paragraph = 0
        return "\n\n".join(" ".join(part) for part in made if part)

    def _sentence(self) -> str:
        mean, deviation = self.brief.sentence
        wanted = max(4.0, self._random.gauss(mean, deviation))
        mains = self.manner.mains[self._person()]
        about = tuple(line for line in mains if "{topic}" in line)
        made = self._fresh(about if self._since >= 2 else mains)
        self._since = 0 if "{topic}" in made else self._since + 1
        joints: list[str] = [mark for mark in ("semicolon", "dash") if mark in self.brief.marks]
        while len(made.split()) < wanted - 4:
            more = self._fresh(self.manner.turns)
            made = f"{made}{self._joint(joints)}{more}"
            if len(made.split()) > 60:
                break
        if wanted > 10 and self._random.random() < 0.35:
            made = f"{self._fresh(self.manner.leads)} {made[:1].lower() + made[1:] if not made.startswith('I ') else made}"
        made = made.replace("{topic}", self.brief.topic.strip().rstrip(".!?"))
        return made[:1].upper() + made[1:] + self._end(short=len(made.split()) <= _EXCLAIMED and self._since > 0)

    def _joint(self, joints: list[str]) -> str:
        mark = self._random.choice(joints) if joints and self._random.random() < 0.4 else ""
        return {"semicolon": "; ", "dash": " – "}.get(mark, ", ")

    def _end(self, *, short: bool) -> str:
        """Nobody shouts a long sentence, nor the topic itself."""
        chance = self._random.random()
        return "!" if short and "exclamation" in self.brief.marks and chance < 0.3 else "."

    def _person(self) -> str:
        return self.brief.person if self.brief.person in self.manner.mains else "I"

    def _fresh(self, lines: tuple[str, ...]) -> str:
        """One that was not used yet, as long as there is one."""
        left = [line for line in lines if line not in self._used]
        if not left:
            self._used -= set(lines)
            left = list(lines)
        line = self._random.choice(left)
        self._used.add(line)
        return line

"""Writes a text without a model with a style's sentence and paragraph lengths, person and punctuation.

This is not an imitation of the author, and is labelled so: sentences come from the lists of `offline_style_words`.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, field

from backend.engines.text.offline_style_words import STYLE_LINES, StyleLines
from backend.engines.text.port import StyleBrief
from backend.errors import Unsupported

MAX_WORDS = 400
"""Beyond this the lists would begin to repeat."""


def write_in_style(brief: StyleBrief) -> str:
    """About `brief.words` words, at most MOST_WORDS. Raises Unsupported for other languages, and for longer texts."""
    manner = STYLE_LINES.get(brief.language)
    if manner is None:
        raise Unsupported("The offline writer writes English and Italian. Set OPENROUTER_API_KEY for other languages.")
    if brief.words > MAX_WORDS:
        raise Unsupported(f"The offline writer writes at most {MAX_WORDS} words. Ask for fewer, or set OPENROUTER_API_KEY.")
    return _Writer(brief, manner).text()


_MAX_EXCLAIMED_WORDS = 8
"""Maximum words of a sentence with an exclamation mark."""


@dataclass
class _Writer:
    brief: StyleBrief
    manner: StyleLines
    _used: set[str] = field(default_factory=set)
    _since_topic: int = 2
    """Sentences since the topic was last named."""

    def text(self) -> str:
        seed = f"{self.brief.topic}|{self.brief.variant}|{self.brief.words}"
        self._random = random.Random(zlib.crc32(seed.encode()))
        paragraphs: list[list[str]] = [[]]
        n = in_paragraph = 0
        while n < self.brief.words:
            sentence = self._sentence()
            paragraphs[-1].append(sentence)
            words = len(sentence.split())
            n, in_paragraph = n + words, in_paragraph + words
            if in_paragraph >= max(25.0, min(140.0, self.brief.paragraph)):
                paragraphs.append([])
                in_paragraph = 0
        return "\n\n".join(" ".join(part) for part in paragraphs if part)

    def _sentence(self) -> str:
        mean, deviation = self.brief.sentence
        target = max(4.0, self._random.gauss(mean, deviation))
        mains = self.manner.clauses[self._person()]
        with_topic = tuple(line for line in mains if "{topic}" in line)
        sentence = self._unused_line(with_topic if self._since_topic >= 2 else mains)
        self._since_topic = 0 if "{topic}" in sentence else self._since_topic + 1
        marks: list[str] = [mark for mark in ("semicolon", "dash") if mark in self.brief.marks]
        while len(sentence.split()) < target - 4:
            addition = self._unused_line(self.manner.continuations)
            sentence = f"{sentence}{self._joint(marks)}{addition}"
            if len(sentence.split()) > 60:
                break
        if target > 10 and self._random.random() < 0.35:
            opener = self._unused_line(self.manner.openers)
            sentence = f"{opener} {sentence if sentence.startswith('I ') else sentence[:1].lower() + sentence[1:]}"
        sentence = sentence.replace("{topic}", self.brief.topic.strip().rstrip(".!?"))
        return (
            sentence[:1].upper()
            + sentence[1:]
            + self._end(short=len(sentence.split()) <= _MAX_EXCLAIMED_WORDS and self._since_topic > 0)
        )

    def _joint(self, marks: list[str]) -> str:
        mark = self._random.choice(marks) if marks and self._random.random() < 0.4 else ""
        return {"semicolon": "; ", "dash": " – "}.get(mark, ", ")

    def _end(self, *, short: bool) -> str:
        """The final mark; only short sentences without the topic may end with an exclamation mark."""
        chance = self._random.random()
        return "!" if short and "exclamation" in self.brief.marks and chance < 0.3 else "."

    def _person(self) -> str:
        return self.brief.person if self.brief.person in self.manner.clauses else "I"

    def _unused_line(self, lines: tuple[str, ...]) -> str:
        """A random line that was not used yet; when all were used, they may be used again."""
        unused = [line for line in lines if line not in self._used]
        if not unused:
            self._used -= set(lines)
            unused = list(lines)
        line = self._random.choice(unused)
        self._used.add(line)
        return line

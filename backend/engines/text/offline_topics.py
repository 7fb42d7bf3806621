"""What an influencer could write about without a model: topics drawn from who they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from backend.engines.text.offline_topics_words import EVERYDAY, FIELDS, SAID, Field
from backend.engines.text.port import Brief

ENOUGH = 14
"""Topics before they come again: where a bio gives fewer, what happens to everybody follows."""
_LONGEST_OWN = 3
"""Words of a piece of a description that is a topic as it stands; a longer one is a sentence."""
_PIECES = re.compile(r"[,;.!?\n•|/()]+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")


def subjects(brief: Brief) -> list[str]:
    """Topics in the order in which they are used: the one that was asked for alone, else theirs, then those of their bio.

    Never empty: of somebody nothing is known about, what happens to everybody. All differ. In English for languages that the
    offline writer does not write.
    """
    if asked := brief.topic.strip().rstrip(".!?"):
        return [asked]
    language = brief.language if brief.language in SAID else "en"
    own = [one.strip().rstrip(".!?") for one in brief.topics if one.strip()]
    found = [*own, *from_bio(brief.bio, language)]
    if not own:
        found += EVERYDAY[language][: max(0, ENOUGH - len(found))]
    return list({one.lower(): one for one in reversed(found)}.values())[::-1]


def from_bio(bio: str, language: str) -> list[str]:
    """“barista from Turin, bikes” -> coffee and bikes in turn, then Turin. [] when nothing in it is known or short enough."""
    threads: list[Sequence[str]] = []
    places: list[Sequence[str]] = []
    said = SAID[language]
    for piece, listed in _pieces(bio, language):
        fields = list(_fields(piece))
        own = _own(piece, language) if listed else ""
        if fields:
            threads += [
                ((own, *one.topics[language]) if n == 0 and own else one.topics[language]) for n, one in enumerate(fields)
            ]
        elif own:
            threads.append((own, *(line.format(x=own) for line in said.around)))
        places += [tuple(line.format(x=city) for line in said.cities) for city in _cities(piece, language)]
    if not threads and not places:
        return []
    mixed = [topic for some in zip_longest(*threads, *places) for topic in some if topic]
    return list({one.lower(): one for one in reversed(mixed)}.values())[::-1]


def settings_of(topic: str) -> tuple[str, ...]:
    """Words of places that suit a topic, best first; () for one that could be anywhere."""
    return next((field.places for field in _fields(topic)), ())


def _pieces(bio: str, language: str) -> Iterator[tuple[str, bool]]:
    """Each with whether it is named as in a list (“bikes”) and not told (“who bakes bread”)."""
    said = SAID[language]
    for sentence in _PIECES.split(bio):
        listed = not re.search(said.telling, sentence, re.IGNORECASE)
        yield from ((part.strip(), listed) for part in re.split(said.joints, sentence) if part.strip())


def _fields(words: str) -> Iterator[Field]:
    """What it is about, in the order of its words."""
    seen: list[Field] = []
    for word in _WORD.findall(words.lower()):
        for field in FIELDS:
            if field not in seen and any(_is(word, stem) for stem in field.stems):
                seen.append(field)
    yield from seen


def _is(word: str, stem: str) -> bool:
    """A stem that ends in `*` begins the word, another one is the word."""
    return word.startswith(stem[:-1]) if stem.endswith("*") else word == stem


def _own(piece: str, language: str) -> str:
    """The piece itself where it reads as a topic: short, no person, no place they are from, no number."""
    said = SAID[language]
    short = re.sub(said.fillers, "", piece, flags=re.IGNORECASE).strip(" -–:'’")
    words = _WORD.findall(short)
    if not 1 <= len(words) <= _LONGEST_OWN or any(word[0].isdigit() for word in words) or _cities(piece, language):
        return ""
    if any(word.lower() in said.people or re.search(said.person, word.lower()) for word in words):
        return ""
    proper = words[0].isupper() or any(word[0].isupper() for word in words[1:])
    return short if proper else short[:1].lower() + short[1:]


def _cities(piece: str, language: str) -> list[str]:
    return re.findall(SAID[language].city, piece)

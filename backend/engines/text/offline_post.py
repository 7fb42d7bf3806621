"""Hashtags, hooks, alt texts and whole texts without a model. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from backend.engines.text.offline_caption import caption, filled, pick, says, start, topic_of, voice_of
from backend.engines.text.offline_pictures import picture
from backend.engines.text.offline_post_words import PLACES
from backend.engines.text.port import Brief

HASHTAGS = 8
_LONGEST_TAG = 28


def variants(brief: Brief) -> list[dict[str, Any]]:
    """`brief.n` whole texts that all differ."""
    return [_whole(replace(brief, variant=brief.variant + n)) for n in range(brief.n)]


def _whole(brief: Brief) -> dict[str, Any]:
    return {
        "hook": hook(brief), "caption": caption(brief), "hashtags": hashtags(brief), "alt_text": alt_text(brief),
        "picture": picture(brief),
    }  # fmt: skip


def hook(brief: Brief) -> str:
    """The line that makes people stop: at most `brief.hook_most` characters unless the topic alone is longer."""
    voice_of(brief)
    topic = topic_of(brief)
    lines = PLACES[brief.language].hooks
    short = [line for line in lines if len(filled(line, topic)) <= brief.hook_most]
    return filled(pick(short or lines, start(brief), brief.avoid), topic)


def alt_text(brief: Brief) -> str:
    """What the picture shows, for people who do not see it."""
    words, at = PLACES[brief.language], start(brief)
    voice_of(brief)
    name = brief.name or words.somebody
    said = words.alts[at % len(words.alts)].format(name=name, topic=topic_of(brief), light=words.lights[at % len(words.lights)])
    return said[:1].upper() + said[1:]


def hashtags(brief: Brief) -> list[str]:
    """HASHTAGS of them: of the topic first, then of what they talk about, then of every day in their language."""
    voice_of(brief)
    at, words = start(brief), PLACES[brief.language]
    daily = [words.tags[(at + n * 5) % len(words.tags)] for n in range(len(words.tags))]
    found: dict[str, str] = {}
    for tag in [*_of(brief.topic, words.small), *(tag for one in brief.topics for tag in _of(one, words.small, 1)), *daily]:
        if not says(tag[1:], brief.avoid):
            found.setdefault(tag.lower(), tag)
    return list(found.values())[:HASHTAGS]


def _of(topic: str, small: str, most: int = 3) -> Iterator[str]:
    """“morning workout routine” -> #MorningWorkoutRoutine, #MorningWorkout, #WorkoutRoutine."""
    said = [word for word in re.findall(r"\w+", topic) if word.lower() not in small.split()]
    runs = [said, *([left, right] for left, right in pairwise(said)), *([one] for one in said)]
    tags = ("#" + "".join(word[:1].upper() + word[1:] for word in run) for run in runs if run)
    fitting = [tag for tag in dict.fromkeys(tags) if 3 < len(tag) <= _LONGEST_TAG and not tag[1:].isdigit()]
    yield from fitting[:most]

"""Hashtags, hooks, alt texts and whole texts without a model. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from backend.engines.text.offline_caption import (
    caption,
    contains_any,
    fill_topic,
    lines_for,
    pick_line,
    plain_topic,
    rotation_start,
)
from backend.engines.text.offline_pictures import picture_prompt
from backend.engines.text.offline_post_words import POST_LINES
from backend.engines.text.port import Brief

HASHTAGS = 8
_LONGEST_TAG = 28


def variants(brief: Brief) -> list[dict[str, Any]]:
    """`brief.n` texts with hook, hashtags, alt text and picture prompt, all different."""
    return [_variant(replace(brief, variant=brief.variant + n)) for n in range(brief.n)]


def _variant(brief: Brief) -> dict[str, Any]:
    return {
        "hook": hook(brief),
        "caption": caption(brief),
        "hashtags": hashtags(brief),
        "alt_text": alt_text(brief),
        "picture": picture_prompt(brief),
    }


def hook(brief: Brief) -> str:
    """The opening line: at most `brief.hook_most` characters unless the topic alone is longer."""
    lines_for(brief)
    topic = plain_topic(brief)
    lines = POST_LINES[brief.language].hooks
    short = [line for line in lines if len(fill_topic(line, topic)) <= brief.hook_most]
    return fill_topic(pick_line(short or lines, rotation_start(brief), brief.avoid), topic)


def alt_text(brief: Brief) -> str:
    """A description of the picture for people who cannot see it."""
    post_lines, position = POST_LINES[brief.language], rotation_start(brief)
    lines_for(brief)
    name = brief.name or post_lines.somebody
    text = post_lines.alts[position % len(post_lines.alts)].format(
        name=name, topic=plain_topic(brief), light=post_lines.lights[position % len(post_lines.lights)]
    )
    return text[:1].upper() + text[1:]


def hashtags(brief: Brief) -> list[str]:
    """HASHTAGS hashtags: of the topic first, then of the influencer's topics, then everyday ones in their language."""
    lines_for(brief)
    position, post_lines = rotation_start(brief), POST_LINES[brief.language]
    daily = [post_lines.tags[(position + n * 5) % len(post_lines.tags)] for n in range(len(post_lines.tags))]
    tags: dict[str, str] = {}
    for tag in [
        *_tags_of(brief.topic, post_lines.stop_words),
        *(tag for topic in brief.topics for tag in _tags_of(topic, post_lines.stop_words, 1)),
        *daily,
    ]:
        if not contains_any(tag[1:], brief.avoid):
            tags.setdefault(tag.lower(), tag)
    return list(tags.values())[:HASHTAGS]


def _tags_of(topic: str, stop_words: str, limit: int = 3) -> Iterator[str]:
    """“morning workout routine” -> #MorningWorkoutRoutine, #MorningWorkout, #WorkoutRoutine."""
    words = [word for word in re.findall(r"\w+", topic) if word.lower() not in stop_words.split()]
    runs = [words, *([left, right] for left, right in pairwise(words)), *([word] for word in words)]
    tags = ("#" + "".join(word[:1].upper() + word[1:] for word in run) for run in runs if run)
    fitting = [tag for tag in dict.fromkeys(tags) if 3 < len(tag) <= _LONGEST_TAG and not tag[1:].isdigit()]
    yield from fitting[:limit]

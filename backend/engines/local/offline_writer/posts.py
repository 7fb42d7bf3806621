"""Hooks, variants, hashtags and alternative texts without a language model: lines of a language, filled with a topic. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from backend.engines.local.offline_writer.captions import (
    caption,
    contains_any,
    fill_topic,
    lines_for,
    pick_line,
    plain_topic,
    rotation_start,
)
from backend.engines.local.offline_writer.picture_prompts import picture_prompt
from backend.engines.ports.text import Brief


@dataclass(frozen=True, slots=True)
class PostLines:
    """`stop_words`: words that make no hashtag, separated by blanks. `alts` contain `{name}`, `{topic}`, `{light}`."""

    hooks: tuple[str, ...]
    alts: tuple[str, ...]
    lights: tuple[str, ...]
    tags: tuple[str, ...]
    stop_words: str
    somebody: str


POST_LINES: dict[str, PostLines] = {
    "en": PostLines(
        hooks=(
            "{topic}, and nothing planned.", "One thing about this: {topic}.", "Worth a stop: {topic}.",
            "{topic}: yes or no?", "Before the day begins: {topic}.", "{topic}, as it really is.",
            "The honest version: {topic}.", "{topic}. That is the whole plan.", "Let us talk about this: {topic}.",
            "Not skipping this one: {topic}.", "Look closer: {topic}.", "Still thinking about this: {topic}.",
            "{topic}. Ready?",
        ),
        alts=(
            "{name} and {topic}, in {light}.", "A picture of {name}: {topic}, in {light}.",
            "{topic}: {name} in the middle of it, {light}.",
        ),
        lights=("warm evening light", "soft morning light", "bright daylight", "the blue of the early evening", "window light"),
        tags=(
            "#LifeLately", "#SmallJoys", "#DailyMoments", "#SlowLiving", "#TodayMood", "#BehindTheScenes", "#RealLife",
            "#MorningMood", "#WeekendFeeling", "#GoodDays", "#KeepItSimple",
        ),
        stop_words="a an and are as at be by for from in into is it my of on or our the to up with your",
        somebody="A person",
    ),
    "it": PostLines(
        hooks=(
            "{topic}, e nessun programma.", "Una cosa sola: {topic}.", "Fermatevi qui: {topic}.", "{topic}: sì o no?",
            "Prima che inizi la giornata: {topic}.", "{topic}, dal vero.", "La versione sincera: {topic}.",
            "{topic}. Il programma è tutto qui.", "Parliamone: {topic}.", "Questa non la salto: {topic}.",
            "Guardate meglio: {topic}.", "Ci penso ancora: {topic}.", "{topic}. Pronti?",
        ),
        alts=(
            "{name} e {topic}, con {light}.", "Una foto di {name}: {topic}, con {light}.",
            "{topic}: {name} al centro della scena, con {light}.",
        ),
        lights=("la luce calda della sera", "la luce morbida del mattino", "la luce piena del giorno", "il blu della sera",
                "la luce della finestra"),
        tags=(
            "#PiccoleCose", "#VitaDiTuttiIGiorni", "#MomentiVeri", "#BuonaGiornata", "#DietroLeQuinte", "#AttimiBelli",
            "#SenzaFretta", "#OggiCosì", "#VoglieDiWeekend", "#CoseSemplici", "#GiorniBelli",
        ),
        stop_words=(
            "a ad al alla allo ai agli alle con da dal dalla dei del della delle di e ed è gli i il in la le lo mia mio nel "
            "nella per su sul sulla tra fra un una uno"
        ),
        somebody="Una persona",
    ),
}  # fmt: skip


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

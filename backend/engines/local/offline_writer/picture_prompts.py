"""Picture prompts without a language model, in the prompt format of the base model that draws them. Pure."""

from __future__ import annotations

from math import gcd

from backend.engines.local.offline_writer.captions import plain_topic, rotation_start
from backend.engines.local.offline_writer.topics import places_for
from backend.engines.local.offline_writer.words import LIGHTS, SHOTS
from backend.engines.ports.prompt_forms import PromptForm
from backend.engines.ports.text import Brief

PLACE = "place"


def picture_prompt(brief: Brief) -> str:
    """An image prompt for the caption's topic; look and trigger word of the influencer are added when it is drawn."""
    position = rotation_start(brief)
    if brief.prompts.form == "slots":
        return from_slots(brief.prompts, brief.topic, position)
    parts = [SHOTS[position % len(SHOTS)], plain_topic(brief), LIGHTS[position % len(LIGHTS)], "natural colours"]
    return ", ".join(part for part in parts if part)


def from_slots(form: PromptForm, topic: str, position: int) -> str:
    """One phrase per slot. `position` counts up from post to post; slots rotate at different paces."""
    parts = []
    for n, (slot, phrases) in enumerate(form.slots.items()):
        suiting = _suiting(phrases, topic) if slot == PLACE else phrases
        parts.append(suiting[position * _pace(len(suiting), n) % len(suiting)] if suiting else "")
    return ", ".join(part for part in parts if part)


def _suiting(phrases: tuple[str, ...], topic: str) -> tuple[str, ...]:
    """Places that suit the topic, the best one twice; all of them if none suits in particular."""
    places = [phrase for word in places_for(topic) for phrase in phrases if word in phrase.lower().split()]
    unique = tuple(dict.fromkeys(places))
    return (unique[0], *unique) if len(unique) > 1 else unique or phrases


def _pace(count: int, n: int) -> int:
    """The `n`-th step size that visits all of `count` phrases before repeating one (coprime to it)."""
    steps = [step for step in range(1, count) if gcd(step, count) == 1] or [1]
    return steps[n % len(steps)]

"""Picture prompts without a model, in the words that the checkpoint which draws them knows. Pure."""

from __future__ import annotations

from math import gcd

from backend.engines.prompt_forms import PromptForm
from backend.engines.text.offline_caption import start, topic_of
from backend.engines.text.offline_topics import settings_of
from backend.engines.text.offline_words import LIGHTS, SHOTS
from backend.engines.text.port import Brief

PLACE = "place"


def picture(brief: Brief) -> str:
    """An image prompt of what the caption is about; the influencer's look and trigger word are added where it is drawn."""
    at = start(brief)
    if brief.prompts.form == "slots":
        return from_slots(brief.prompts, brief.topic, at)
    parts = [SHOTS[at % len(SHOTS)], topic_of(brief), LIGHTS[at % len(LIGHTS)], "natural colours"]
    return ", ".join(part for part in parts if part)


def from_slots(form: PromptForm, topic: str, at: int) -> str:
    """One phrase of each slot; `at` counts up from post to post, and no two slots turn at the same pace."""
    parts = []
    for n, (slot, phrases) in enumerate(form.slots.items()):
        suiting = _suiting(phrases, topic) if slot == PLACE else phrases
        parts.append(suiting[at * _pace(len(suiting), n) % len(suiting)] if suiting else "")
    return ", ".join(part for part in parts if part)


def _suiting(phrases: tuple[str, ...], topic: str) -> tuple[str, ...]:
    """Places for this topic, the best one twice as often; where it could be anywhere, all of them."""
    found = [phrase for word in settings_of(topic) for phrase in phrases if word in phrase.lower().split()]
    unique = tuple(dict.fromkeys(found))
    return (unique[0], *unique) if len(unique) > 1 else unique or phrases


def _pace(count: int, n: int) -> int:
    """The `n`-th step that goes through all of `count` phrases before one comes again."""
    steps = [step for step in range(1, count) if gcd(step, count) == 1] or [1]
    return steps[n % len(steps)]

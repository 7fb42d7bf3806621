"""Scenes of a reel without a model: a hook, thoughts about the topic, and a closing question. Pure."""

from __future__ import annotations

from dataclasses import replace

from backend.engines.local.offline_writer.captions import caption
from backend.engines.local.offline_writer.picture_prompts import picture_prompt
from backend.engines.local.offline_writer.posts import hook
from backend.engines.ports.text import Brief

_CHARACTERS = 110
"""Of a scene: about six seconds."""
_STEP = 3
"""Between the variants of neighbouring scenes: no line of the lists comes twice in a reel."""


def scenes(brief: Brief) -> list[dict[str, str]]:
    """`brief.n` scenes: what is said, and an image prompt. Raises Unsupported for other languages."""
    briefs = [replace(brief, variant=brief.variant + n * _STEP, most=_CHARACTERS, goal="") for n in range(brief.n)]
    briefs[-1] = replace(briefs[-1], goal="conversation")
    return [
        {"words": hook(scene) if n == 0 else caption(scene), "picture": picture_prompt(scene)} for n, scene in enumerate(briefs)
    ]

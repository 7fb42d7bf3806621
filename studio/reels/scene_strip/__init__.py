"""The scenes of a reel as a timeline: put in order by dragging or by keys, added, duplicated, deleted, with undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend import reels
from backend.reels import RenderedScene, SceneCard
from studio.ui.browser_component import ignore, load

_component = load(__file__)
_EVENTS = ("selected", "ordered", "removed", "duplicated", "added", "undone")


@dataclass(frozen=True, slots=True)
class StripEvent:
    """`name`: selected, ordered, removed, duplicated, added or undone. `values`: with `at`, when, in ms since 1970."""

    name: str
    values: Mapping[str, Any]


def scene_strip(
    key: str,
    *,
    workspace: str,
    scenes: tuple[SceneCard, ...],
    rendered: Mapping[str, RenderedScene],
    selected: str,
    undo: str,
    can_edit: bool,
) -> list[StripEvent]:
    """What was done since the last run, in order: quick ones may come together. `rendered`: scene id -> what the last render
    made of it. `undo`: what an undo takes back, "" nothing."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "canEdit": can_edit,
        "scenes": [_scene_json(scene, rendered.get(scene.id)) for scene in scenes],
        "selected": selected,
        "undo": undo,
    }
    triggers: dict[str, Any] = {f"on_{name}_change": ignore for name in _EVENTS}
    state = _component(key=key, data=data, **triggers)
    slot = f"{key}:handled"
    handled_at = st.session_state.get(slot, 0)  # a run that was cut off hands its events over once more
    events = [StripEvent(name, state[name]) for name in _EVENTS if state.get(name) and state[name]["at"] > handled_at]
    events.sort(key=lambda event: event.values["at"])
    if events:
        st.session_state[slot] = events[-1].values["at"]
    return events


def _scene_json(scene: SceneCard, rendered: RenderedScene | None) -> dict[str, Any]:
    """The measured length and voice where its words and given length are still those that were rendered."""
    measured = rendered is not None and rendered.words == scene.words and not scene.seconds
    return {
        "id": scene.id,
        "words": scene.words,
        "assetId": scene.asset_id,
        "seconds": rendered.seconds if rendered and measured else reels.estimated_seconds(scene),
        "isMeasured": measured,
        "waveform": list(rendered.waveform) if rendered and rendered.words == scene.words else [],
    }

"""The scenes of a reel as a timeline: put in order by dragging or by keys, added, duplicated, deleted, with undo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend import reels
from backend.reels import RenderedScene, SceneCard
from studio.ui.browser_component import ignore, load

_component = load(__file__)


@dataclass(frozen=True, slots=True)
class StripEvent:
    """`name`: selected, ordered, removed, duplicated, added or undone. `values`: with `at`, when, in ms since 1970."""

    name: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class _Handled:
    """`at` of the last event that was acted on, changed in place."""

    at: int = 0


def scene_strip(
    key: str,
    *,
    workspace: str,
    scenes: tuple[SceneCard, ...],
    rendered: Mapping[str, RenderedScene],
    selected: str,
    undo: str,
    can_edit: bool,
) -> Iterator[StripEvent]:
    """Yields what was done and not acted on yet, in order. An event comes again until the loop goes on after it: Streamlit may
    cut a run off at each use of its state, so nothing of that may come after a change within the loop. `rendered`: scene id ->
    what the last render made of it. `undo`: what an undo takes back, "" nothing."""
    handled: _Handled = st.session_state.setdefault(f"{key}:handled", _Handled())
    data: dict[str, Any] = {
        "workspace": workspace,
        "canEdit": can_edit,
        "scenes": [_scene_json(scene, rendered.get(scene.id)) for scene in scenes],
        "selected": selected,
        "undo": undo,
        "handled": handled.at,
    }
    for values in _component(key=key, data=data, on_events_change=ignore).get("events") or []:
        if values["at"] > handled.at:
            yield StripEvent(values["name"], values)
            handled.at = values["at"]


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

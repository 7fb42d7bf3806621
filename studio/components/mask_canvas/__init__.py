"""Paint over the part of a picture that should change: brush, eraser, rectangle, undo; by mouse, finger or keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from studio.components.load import ignore, load

_component = load("mask_canvas")
LONGEST_SIDE = 1536


def mask_canvas(
    key: str, *, workspace: str, asset_id: str, src: str, width: int, height: int, in_use: bool, on_done: Callable[[str], None]
) -> bool:
    """`src`: the picture under the mask, `width` and `height` its size in px. `on_done(upload_id)` runs when a mask was sent.

    `in_use`: the caller has taken the last one. Returns whether it was painted on since.
    """
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    data: dict[str, Any] = {
        "workspace": workspace, "asset": asset_id, "src": src, "inUse": in_use,
        "width": max(64, round(width * scale)), "height": max(64, round(height * scale)),
    }  # fmt: skip

    def done() -> None:
        if told := st.session_state[key].get("done"):
            on_done(str(told["id"]))

    result = _component(key=key, data=data, on_done_change=done, on_dirty_change=ignore)
    return bool(result.get("dirty"))

"""Draws a crop on a picture by mouse, touch or keys: move, resize, keep a shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from backend.datasets import Box
from studio.ui.browser_component import load

_component = load(__file__)


def cropper(
    key: str,
    *,
    src: str,
    width: int,
    height: int,
    crop: Box | None,
    face: tuple[float, ...] = (),
    least: int = 64,
    disabled: bool = False,
    on_saved: Callable[[Box | None], None],
) -> None:
    """`width`, `height`: px of the whole picture, which `src` shows in any size. `face`: x, y, width, height as shares.
    `least`: the smallest side of a crop in px.

    `on_saved` gets the box in px, or None for the whole picture, before the page runs.
    """
    box = [crop.x, crop.y, crop.width, crop.height] if crop else None
    data: dict[str, Any] = {
        "src": src,
        "width": width,
        "height": height,
        "crop": box,
        "face": list(face),
        "least": least,
        "disabled": disabled,
    }

    def saved() -> None:
        if event := st.session_state[key].get("saved"):
            crop_box = event["crop"]
            on_saved(Box(*(int(v) for v in crop_box)) if crop_box else None)

    _component(key=key, data=data, on_saved_change=saved)

"""The choice of a look preset: as the prompt says, casual photo, or studio."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from backend import generation
from backend.generation import GenerationDraft

LookPreset = Literal["", "casual", "studio"]
_PRESETS: tuple[LookPreset, ...] = ("", "casual", "studio")


def look_preset_pills(key: str, start: GenerationDraft, disabled: bool) -> LookPreset:
    """The look preset chosen, as a draft's `finish`."""
    chosen = st.pills(
        "Look",
        _PRESETS,
        default=start.finish,
        key=f"{key}:finish",
        format_func=generation.LOOK_PRESET_TITLES.__getitem__,
        disabled=disabled,
        required=True,
        wrap=True,
        help="Adds words this model knows, where the prompt does not say otherwise. “What will be drawn” shows them.",
    )
    return chosen or ""

"""How a picture should look as a photo: as the prompt says, casual, or from a studio."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from backend import generation
from backend.generation import GenerationDraft

Finish = Literal["", "casual", "studio"]
_NAMES: tuple[Finish, ...] = ("", "casual", "studio")


def finish_pills(key: str, start: GenerationDraft, disabled: bool) -> Finish:
    """The look chosen, as a draft's `finish`."""
    chosen = st.pills(
        "Look", _NAMES, default=start.finish, key=f"{key}:finish", format_func=generation.FINISHES.__getitem__,
        disabled=disabled, required=True, wrap=True,
        help="Adds words this model knows, where the prompt does not say otherwise. “What will be drawn” shows them.",
    )  # fmt: skip
    return chosen or ""

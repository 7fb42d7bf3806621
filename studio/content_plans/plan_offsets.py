"""The offset of a channel's post to the plan's time."""

from __future__ import annotations

import streamlit as st

from backend import content_plans
from backend.content_plans import VariantDraft


def offset_field(key: str, draft: VariantDraft, *, several: bool, frozen: bool) -> VariantDraft:
    """The draft with its offset. The field is drawn where there are several channels, or an offset is set already."""
    before = content_plans.after_minutes(draft.options)
    if not several and not before:
        return draft
    minutes = st.number_input(
        "Minutes after the plan's time",
        0,
        content_plans.MAX_OFFSET_MINUTES,
        before,
        5,
        key=f"{key}:later",
        disabled=frozen,
        help="Channels of a plan can go out some minutes apart.",
    )
    others = {name: value for name, value in draft.options.items() if name != "after_minutes"}
    return draft.model_copy(update={"options": {**others, **({"after_minutes": int(minutes)} if minutes else {})}})

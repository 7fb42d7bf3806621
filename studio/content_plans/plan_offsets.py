"""How long after a plan's time each of its channels goes out."""

from __future__ import annotations

import streamlit as st

from backend import content_plans
from backend.content_plans import VariantDraft


def later(key: str, draft: VariantDraft, *, several: bool, frozen: bool) -> VariantDraft:
    """The draft with its minutes; asked for where there are several channels, or where it has some already."""
    before = content_plans.after_minutes(draft.options)
    if not several and not before:
        return draft
    said = st.number_input(
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
    return draft.model_copy(update={"options": {**others, **({"after_minutes": int(said)} if said else {})}})

"""The way to the first published post, with its next step; on Home and on the influencer's page."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from backend.influencers import InfluencerCard
from backend.language import tr, tr_lazy, worded
from backend.onboarding import Checklist, Step
from studio.content_plans import bulk_dialog
from studio.shell.frame import Page

STEP_LABELS: dict[Step, str] = {
    "influencer": tr_lazy("Influencer"),
    "pictures": tr_lazy("Pictures"),
    "training": tr_lazy("Trained face"),
    "channel": tr_lazy("Channel"),
    "post": tr_lazy("First post"),
}

_DONE_ICON = ":material/check:"


def checklist(page: Page, card: InfluencerCard, steps: Checklist) -> None:
    """Draws the steps, those that are done marked, with a button for the next one."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="hub-checklist"):
        marks = [
            f":green-badge[{_DONE_ICON} {worded(label)}]" if step in steps.done else f":gray-badge[{worded(label)}]"
            for step, label in STEP_LABELS.items()
        ]
        st.markdown(" ".join(marks), width="stretch")
        if page.can_edit:
            _next_step(page, card, steps)


def _next_step(page: Page, card: InfluencerCard, steps: Checklist) -> None:
    match steps.next_step:
        case "pictures" | "training":
            label = tr("Add pictures") if steps.next_step == "pictures" else tr("Train the face")
            if st.button(label, type="primary", icon=":material/arrow_forward:", key="hub:next"):
                if card.setup.get("dataset_id"):
                    page.go("influencers/wizard", id=card.id)
                page.go("models/datasets")
        case "channel":
            if st.button(tr("Connect a channel"), type="primary", icon=":material/cell_tower:", key="hub:next"):
                page.go("influencers/influencers", id=card.id, tab="channels")
        case _:
            fill_week(page, card, primary=True)


def fill_week(page: Page, card: InfluencerCard, *, primary: bool = False) -> None:
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    if st.button(tr("Fill the week"), icon=":material/auto_awesome:", type=kind, key="hub:fill"):
        bulk_dialog.open_dialog(page, [card], influencer=card.id)

"""Dry run: what each step would do now, when, and at what cost. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import streamlit as st

from backend import automations
from backend.automations import AutomationDraft, RunPreview, StepPreview
from backend.errors import StudioError
from backend.language import joined, tr, worded
from studio.automations import words
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.format import duration, plain, usd


def open_dialog(
    page: Page, draft: AutomationDraft, automation_id: str, names: Mapping[str, str], zones: Mapping[str, str]
) -> None:
    """`automation_id` "": it is not saved yet. `names`: whom it is for, by id."""

    @st.dialog(tr("Dry run"), width="large", icon=":material/science:")
    def dialog() -> None:
        if not names:
            st.info(tr("There is no influencer to run for."), icon=":material/face_3:")
            return
        chosen = current_influencer.current_influencer_id(list(names)) or next(iter(names))
        if len(names) > 1:
            options = list(names)
            chosen = st.selectbox(tr("For whom"), options, options.index(chosen), format_func=lambda key: names[key])
        try:
            with st.spinner(tr("Checking what it would do …"), show_time=False):
                preview = automations.preview(page.app, page.transaction, draft, chosen, automation_id)
        except StudioError as error:
            st.error(plain(worded(error.message)), icon=":material/error:")
            return
        _show(draft, preview, zones.get(chosen, "UTC"))

    dialog()


def _show(draft: AutomationDraft, preview: RunPreview, zone: str) -> None:
    st.caption(tr("If it ran now. Nothing is started or stored."))
    for step, shown in zip(draft.steps, preview.steps, strict=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{words.STEP_ICONS[step.kind]} **{worded(shown.label)}**  \n{plain(worded(shown.sentence))}", width="stretch"
            )
            st.caption(plain(_cost(shown)), width="content")
    st.divider()
    unknown = any(step.usd is None for step in preview.steps)
    if preview.usd:
        total = (
            tr("At most {cost}, and what is not known yet.", cost=usd(preview.usd))
            if unknown
            else tr("At most {cost}.", cost=usd(preview.usd))
        )
    else:
        total = tr("No known cost.") if unknown else tr("No cost.")
    st.markdown(f"**{plain(total)}**")
    if preview.budget_left_usd is not None:
        left = tr("Left of its budget this month: {amount}.", amount=usd(preview.budget_left_usd))
        if preview.usd > preview.budget_left_usd:
            st.warning(plain(joined(left, tr("It may stop early."))), icon=":material/payments:")
        else:
            st.caption(plain(left))
    if preview.next_times:
        times = ", ".join(words.next_text(at, zone) for at in preview.next_times)
        st.caption(plain(tr("Next starts: {times}", times=times)))


def _cost(step: StepPreview) -> str:
    parts = [duration(step.seconds)] if step.seconds else []
    if step.usd is None:
        parts.append(tr("cost not known yet"))
    elif step.usd > Decimal(0):
        parts.append(tr("at most {cost}", cost=usd(step.usd)))
    return " · ".join(parts)

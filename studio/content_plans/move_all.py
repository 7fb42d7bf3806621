"""Moving all posts from a day on by the same step, with undo."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import streamlit as st

from backend import content_plans
from backend.content_plans import Outcome, PlanFilters, PlanUndoEntry, PostState
from backend.kit.clock import now
from backend.language import tr, tr_plural, worded
from studio.content_plans.calendar_view import refresh_calendar
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.forms import submit_once
from studio.ui.notices import toast_errors

_MOVABLE = (PostState.DRAFT, PostState.IN_REVIEW, PostState.APPROVED, PostState.SCHEDULED, PostState.ON_HOLD)
_LATEST = "move_all:latest"


class Step(NamedTuple):
    """`influencer`: whose posts; "": all. `first`: the first day."""

    influencer: str
    first: date
    days: int
    minutes: int


def form(page: Page, influencer: str) -> None:
    """Of one influencer, or ("") of all."""
    with st.form("calendar:shift", border=False):
        st.caption(
            tr("Moves every post from that day on that is not published yet.")
            if influencer
            else tr("Moves every post of all influencers from that day on that is not published yet.")
        )
        start = st.date_input(tr("First day"), value=now().date(), format="DD/MM/YYYY")
        left, right = st.columns(2)
        days = left.number_input(tr("Days later"), -365, 365, 1)
        hours = right.number_input(tr("Hours later"), -23, 23, 0)
        pressed = st.form_submit_button(tr("Move all"), type="primary")
    if pressed:
        with page.guard():
            step = Step(influencer, start, int(days), int(hours) * 60)
            entry, outcome = submit_once("calendar:shift", step, lambda: _move(page, step))
            reasons = " ".join(worded(reason) for reason in dict.fromkeys(outcome.refused.values()))
            if entry is None:
                st.info(plain(reasons or tr("There is nothing to move from this day on.")))
                return
            st.session_state[_LATEST] = (entry.id, entry.said)
            refresh_calendar()
            stayed = tr_plural(
                "{n:,} post stayed: {reasons}", "{n:,} posts stayed: {reasons}", len(outcome.refused), reasons=reasons
            )
            st.success(plain(" ".join([worded(entry.said), *([stayed] if outcome.refused else [])])))
    if latest := st.session_state.get(_LATEST):
        st.button(
            tr("Undo: {action}", action=plain(worded(latest[1]))),
            icon=":material/undo:",
            on_click=_undo,
            args=(page, latest[0]),
            key="calendar:undo",
        )


def _move(page: Page, step: Step) -> tuple[PlanUndoEntry | None, Outcome]:
    filters = PlanFilters(influencer_id=step.influencer, first=step.first, when="dated", states=_MOVABLE)
    with page.transaction(needs="editor") as tx:
        ids = [card.id for card in content_plans.page(tx, filters, take=content_plans.MAX_PLANS_AT_ONCE).cards]
        return content_plans.shift(tx, ids, days=step.days, minutes=step.minutes)


def _undo(page: Page, act_id: str) -> None:
    if st.session_state.pop(_LATEST, None) is None:
        return  # the second half of a double click
    refresh_calendar()
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.undo(tx, act_id)

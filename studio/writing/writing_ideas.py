"""Ideas for the coming days, each a draft that can be written out."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import streamlit as st

from backend import writing
from backend.content_plans import to_local_time
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from backend.kit.clock import now
from backend.language import tr, tr_plural, worded
from backend.writing import DraftCard
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import plain, weekday_text
from studio.ui.forms import renew_request_key, request_key
from studio.writing import writing_card
from studio.writing.writing_form import ideas_form
from studio.writing.writing_texts import cost_caption, hide_outdated_failure


def ideas(page: Page, influencer: InfluencerCard) -> None:
    left, right = st.columns([5, 7], gap="medium")
    tomorrow = to_local_time(now(), influencer.time_zone).date() + timedelta(days=1)
    with left, page.guard():
        order = ideas_form("writing:ideas", influencer.id, first=tomorrow, disabled=not page.can_edit)
        ready = cost_caption(partial(writing.estimate_ideas, page.app, partial(page.transaction, "viewer"), order=order))
        ready &= page.can_edit
        if st.button(tr("Suggest ideas"), type="primary", icon=":material/lightbulb:", width="stretch", disabled=not ready):
            with page.transaction("editor") as tx:
                writing.start_ideas(tx, order=order, request_key=request_key("writing:ideas"))
            renew_request_key("writing:ideas")
    with right:
        _plan(page, influencer)


def _plan(page: Page, influencer: InfluencerCard) -> None:
    with page.transaction() as tx:
        job = writing.latest_job(tx, writing.IDEAS_KIND, influencer.id)
        batch_id = writing.latest_batch(tx, influencer.id, ideas=True)
        cards = writing.batch(tx, batch_id) if batch_id else []
    working = follow(page, hide_outdated_failure(job, cards), key="writing:ideas")
    if not cards:
        if not working:
            empty_state(
                tr("No ideas yet"),
                tr("One idea a day in the voice of {name}: topic, hook, picture.", name=plain(influencer.name)),
                icon=":material/lightbulb:",
            )
        return
    if not working:
        _missing(job)
    open_ = [card for card in cards if card.state != "discarded"]
    st.caption(
        tr_plural(
            "The latest {n:,} idea. Earlier ones are in the library.",
            "The latest {n:,} ideas. Earlier ones are in the library.",
            len(open_),
        )
    )
    for card in open_:
        writing_card.card(page, card, title=f"{_day(card)} · {worded(writing.CONTENT_TYPES[card.content_type].title)}")


def _day(card: DraftCard) -> str:
    on = card.publish_on
    return weekday_text(on) if on else tr("Day {day}", day=card.day or 0)


def _missing(job: JobCard | None) -> None:
    """Says which days the model left out."""
    days = (job.result or {}).get("missing") if job and job.state == "completed" else None
    if days:
        st.info(tr("No idea for day {days}. Ask again for more.", days=", ".join(map(str, days))), icon=":material/event_busy:")

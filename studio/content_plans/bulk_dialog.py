"""Planning days at once: the question with what it comes to, in a dialog of its own or in that of a chosen range."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from backend import bulk_planning, channels, content_plans
from backend.bulk_planning import Forecast, SeriesOrder
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from studio.content_plans.series_form import series_form
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.format import count, duration, estimated_duration, plain, usd
from studio.ui.request_key import renew_request_key, request_key
from studio.ui.toasts import queue_toast, show_queued_toasts, toast_errors

_KEY = "plan_days"


def ask(page: Page, people: Sequence[InfluencerCard], *, influencer: str) -> None:
    """Opens the question."""

    @st.dialog("Plan days", width="medium")
    def question() -> None:
        st.caption(
            "Captions, hashtags and pictures in their voice, as drafts on free times. You look at them before they go out."
        )
        names = {one.id: one for one in people}
        start = list(names).index(
            influencer if influencer in names else current_influencer.current_influencer_id(list(names)) or next(iter(names))
        )
        who = st.selectbox("Influencer", list(names), start, format_func=lambda one: names[one].name, key="days:who")
        current_influencer.set_current_influencer(who)
        body(page, names[who])

    question()


def body(page: Page, who: InfluencerCard, *, first: date | None = None, days: int = 7) -> None:
    """Form, forecast and the button; `first` and `days`: of a chosen range."""
    show_queued_toasts()
    with page.transaction() as tx:
        accounts = [one for one in channels.of(tx, who.id) if one.deleted_at is None]
        rules = content_plans.get_rules(tx, who.id)
    if not accounts:
        _no_channel(page, who)
        return
    try:
        order = series_form(who, accounts, rules, first=first, days=days)
        with st.spinner("Looking for free times …", show_time=False):
            foretold = bulk_planning.forecast(page.app, page.transaction, order=order)
    except StudioError as error:
        st.warning(plain(error.message), icon=":material/error:")
        st.button("Plan posts", type="primary", icon=":material/auto_awesome:", disabled=True, width="stretch")
        return
    _say(page, foretold, order)
    word = f"Plan {count(len(foretold.moments), 'post')}"
    if st.button(word, type="primary", icon=":material/auto_awesome:", width="stretch", key="days:start"):
        _start(page, order)


def _no_channel(page: Page, who: InfluencerCard) -> None:
    st.info(
        f"{plain(who.name)} has no channel yet. Connect an account on Channels, or begin with a practice channel: it behaves "
        "like a platform and shows posts to nobody outside.",
        icon=":material/cell_tower:",
    )

    def practice() -> None:
        with toast_errors(), page.transaction(needs="editor") as tx:
            channels.add_sandbox(tx, who.id)

    with st.container(horizontal=True):
        st.button("Add a practice channel", type="primary", icon=":material/science:", on_click=practice)
        if st.button("Open Channels", icon=":material/open_in_new:"):
            page.go("plan/channels")


def _say(page: Page, foretold: Forecast, order: SeriesOrder) -> None:
    """What it comes to, before anything is started."""
    first, last = foretold.moments[0].wall, foretold.moments[-1].wall
    span = f"{first:%a %-d %b, %H:%M}" if first == last else f"{first:%a %-d %b, %H:%M} to {last:%a %-d %b, %H:%M}"
    with st.container(border=True, gap="xxsmall"):
        st.markdown(f"**{count(len(foretold.moments), 'post')}**, {plain(span)}")
        if foretold.filled:
            has = "has a post already and is" if foretold.filled == 1 else "have a post already and are"
            st.caption(f":material/event_available: {count(foretold.filled, 'day')} {has} skipped.")
        if foretold.moved:
            st.caption(f":material/event_busy: {count(foretold.moved, 'time')} taken: moved to the nearest free one.")
        if foretold.left_out:
            st.caption(f":material/event_busy: {count(foretold.left_out, 'time')} left out: past, or no room on that day.")
        st.caption(f":material/ink_pen: {_words(foretold)}")
        if order.pictures and foretold.pictures:
            st.caption(f":material/image: {_pictures(foretold)}")
        for sentence in foretold.warnings:
            st.caption(f":material/info: {plain(sentence)}")
    if foretold.over:
        st.warning(plain(_too_dear(foretold)), icon=":material/payments:")


def _too_dear(foretold: Forecast) -> str:
    if not foretold.left_usd:
        return (
            "Nothing is left of the budget for words, so no post would be written. It goes on when the day or the month is "
            "over, or when an owner raises the limit on the Costs page."
        )
    return (
        f"The budget for words has {usd(foretold.left_usd)} left, so it may stop before the end. What is written by then "
        "stays; “Try again” goes on from there when there is money again."
    )


def _words(foretold: Forecast) -> str:
    took = duration(foretold.write_s)
    if foretold.most_usd is None:
        return f"No language model is set: the offline writer puts the texts together, free, in about {took}."
    usually = f", usually about {usd(foretold.usual_usd)}" if foretold.usual_usd is not None else ", usually far less"
    return plain(f"Texts cost at most {usd(foretold.most_usd)}{usually}; they take about {took}.")


def _pictures(foretold: Forecast) -> str:
    drawn = count(foretold.pictures, "picture")
    if foretold.draw_s is None:
        return f"{drawn}: how long they take is known once one was drawn here. Each goes to its draft when it is there."
    return f"{drawn} in {estimated_duration(foretold.draw_s, foretold.load_s)}. Each goes to its draft when it is there."


def _start(page: Page, order: SeriesOrder) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            job = bulk_planning.start_series(tx, order=order, request_key=request_key(_KEY))
    except StudioError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    renew_request_key(_KEY)
    st.session_state.pop("series:hidden", None)
    st.session_state["series:started"] = job.id
    queue_toast("Started: drafts come onto the calendar one after the other.", ":material/auto_awesome:")
    st.rerun()

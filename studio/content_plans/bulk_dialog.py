"""“Plan days” (bulk planning): form and forecast, in its own dialog or in the dialog of a chosen range of days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from backend import bulk_planning, channels, content_plans
from backend.bulk_planning import Forecast, SeriesOrder
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from studio.content_plans.plan_series import series_form
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.format import count, duration, estimated_duration, plain, usd
from studio.ui.forms import renew_request_key, request_key
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

_KEY = "plan_days"


def open_dialog(page: Page, influencer_cards: Sequence[InfluencerCard], *, influencer: str) -> None:
    """Opens the dialog. `influencer`: id of the one to begin with; "": the current one."""

    @st.dialog("Plan days", width="medium")
    def question() -> None:
        st.caption(
            "Captions, hashtags and pictures in their voice, as drafts on free times. You look at them before they go out."
        )
        cards_by_id = {card.id: card for card in influencer_cards}
        start = list(cards_by_id).index(
            influencer
            if influencer in cards_by_id
            else current_influencer.current_influencer_id(list(cards_by_id)) or next(iter(cards_by_id))
        )
        influencer_id = st.selectbox(
            "Influencer",
            list(cards_by_id),
            start,
            format_func=lambda influencer_id: cards_by_id[influencer_id].name,
            key="days:who",
        )
        current_influencer.set_current_influencer(influencer_id)
        body(page, cards_by_id[influencer_id])

    question()


def body(page: Page, influencer: InfluencerCard, *, first: date | None = None, days: int = 7) -> None:
    """Form, forecast and the button. `first`, `days`: of a chosen range."""
    show_queued_toasts()
    with page.transaction() as tx:
        channel_cards = [channel for channel in channels.of(tx, influencer.id) if channel.deleted_at is None]
        rules = content_plans.get_rules(tx, influencer.id)
    if not channel_cards:
        _offer_practice_channel(page, influencer)
        return
    try:
        order = series_form(influencer, channel_cards, rules, first=first, days=days)
        with st.spinner("Looking for free times …", show_time=False):
            forecast = bulk_planning.forecast(page.app, page.transaction, order=order)
    except StudioError as error:
        st.warning(plain(error.message), icon=":material/error:")
        st.button("Plan posts", type="primary", icon=":material/auto_awesome:", disabled=True, width="stretch")
        return
    _show_forecast(page, forecast, order)
    label = f"Plan {count(len(forecast.moments), 'post')}"
    if st.button(label, type="primary", icon=":material/auto_awesome:", width="stretch", key="days:start"):
        _start(page, order)


def _offer_practice_channel(page: Page, influencer: InfluencerCard) -> None:
    st.info(
        f"{plain(influencer.name)} has no channel yet. Connect an account on Channels, or begin with a practice channel: "
        "it behaves like a platform and shows posts to nobody outside.",
        icon=":material/cell_tower:",
    )

    def practice() -> None:
        with toast_errors(), page.transaction(needs="editor") as tx:
            channels.add_sandbox(tx, influencer.id)

    with st.container(horizontal=True):
        st.button("Add a practice channel", type="primary", icon=":material/science:", on_click=practice)
        if st.button("Open Channels", icon=":material/open_in_new:"):
            page.go("settings/channels")


def _show_forecast(page: Page, forecast: Forecast, order: SeriesOrder) -> None:
    """The forecast, before anything is started."""
    first, last = forecast.moments[0].wall, forecast.moments[-1].wall
    span = f"{first:%a %-d %b, %H:%M}" if first == last else f"{first:%a %-d %b, %H:%M} to {last:%a %-d %b, %H:%M}"
    with st.container(border=True, gap="xxsmall"):
        st.markdown(f"**{count(len(forecast.moments), 'post')}**, {plain(span)}")
        if forecast.filled:
            has = "has a post already and is" if forecast.filled == 1 else "have a post already and are"
            st.caption(f":material/event_available: {count(forecast.filled, 'day')} {has} skipped.")
        if forecast.moved:
            st.caption(f":material/event_busy: {count(forecast.moved, 'time')} taken: moved to the nearest free one.")
        if forecast.left_out:
            st.caption(f":material/event_busy: {count(forecast.left_out, 'time')} left out: past, or no room on that day.")
        st.caption(f":material/ink_pen: {_text_cost(forecast)}")
        if order.pictures and forecast.pictures:
            st.caption(f":material/image: {_picture_time(forecast)}")
        for sentence in forecast.warnings:
            st.caption(f":material/info: {plain(sentence)}")
    if forecast.over:
        st.warning(plain(_budget_warning(forecast)), icon=":material/payments:")


def _budget_warning(forecast: Forecast) -> str:
    if not forecast.left_usd:
        return (
            "Nothing is left of the budget for words, so no post would be written. It goes on when the day or the month is "
            "over, or when an owner raises the limit on the Costs page."
        )
    return (
        f"The budget for words has {usd(forecast.left_usd)} left, so it may stop before the end. What is written by then "
        "stays; “Try again” goes on from there when there is money again."
    )


def _text_cost(forecast: Forecast) -> str:
    write_time = duration(forecast.write_s)
    if forecast.most_usd is None:
        return f"No language model is set: the offline writer puts the texts together, free, in about {write_time}."
    usually = f", usually about {usd(forecast.usual_usd)}" if forecast.usual_usd is not None else ", usually far less"
    return plain(f"Texts cost at most {usd(forecast.most_usd)}{usually}; they take about {write_time}.")


def _picture_time(forecast: Forecast) -> str:
    picture_count = count(forecast.pictures, "picture")
    if forecast.draw_s is None:
        return f"{picture_count}: how long they take is known once one was drawn here. Each goes to its draft when it is there."
    return (
        f"{picture_count} in {estimated_duration(forecast.draw_s, forecast.load_s)}. Each goes to its draft when it is there."
    )


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

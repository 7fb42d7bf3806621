"""Auto-plan: a week, or chosen days, filled with posts that are written and illustrated. What will be made stands above, with
the button; how it is made can be changed below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from backend import bulk_planning, channels, content_plans
from backend.bulk_planning import Forecast, SeriesOrder
from backend.channels import ChannelCard
from backend.content_plans import PlanDraft, RulesCard, VariantDraft
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.language import tr, tr_plural, worded
from studio.content_plans.calendar_view import refresh_calendar
from studio.content_plans.plan_series import series_form
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.format import duration, estimated_duration, moment_text, plain, usd, weekday_text
from studio.ui.forms import renew_request_key, request_key
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

_KEY = "plan_days"
_WEEK = 7
_LISTED_TIMES = 10


def open_dialog(
    page: Page, influencer_cards: Sequence[InfluencerCard], *, influencer: str, first: date | None = None, days: int = _WEEK
) -> None:
    """“Fill the week”, or with `first` those days. `influencer`: id of the one to begin with; "": the current one."""

    @st.dialog(tr("Auto-plan") if first else tr("Fill the week"), width="medium")
    def question() -> None:
        cards_by_id = {card.id: card for card in influencer_cards}
        start = list(cards_by_id).index(
            influencer
            if influencer in cards_by_id
            else current_influencer.current_influencer_id(list(cards_by_id)) or next(iter(cards_by_id))
        )
        influencer_id = list(cards_by_id)[start]
        if len(cards_by_id) > 1:
            influencer_id = st.selectbox(
                tr("Influencer"),
                list(cards_by_id),
                start,
                format_func=lambda influencer_id: cards_by_id[influencer_id].name,
                key="days:who",
            )
            current_influencer.set_current_influencer(influencer_id)
        _body(page, cards_by_id[influencer_id], first=first, days=days)

    question()


def _body(page: Page, influencer: InfluencerCard, *, first: date | None, days: int) -> None:
    """What will be made, the button, and the form behind it. `first` None: the next week with a free time."""
    show_queued_toasts()
    with page.transaction() as tx:
        channel_cards = [channel for channel in channels.of(tx, influencer.id) if channel.deleted_at is None]
        rules = content_plans.get_rules(tx, influencer.id)
        start = first or bulk_planning.next_open_week(tx, influencer.id)
    if not channel_cards:
        _offer_practice_channel(page, influencer, rules, start, days)
        return
    summary = st.container()
    with st.expander(tr("Days, times, channels, topics"), icon=":material/tune:"):
        try:
            order = series_form(influencer, channel_cards, rules, first=start, days=days)
        except StudioError as error:
            summary.warning(plain(worded(error.message)), icon=":material/error:")
            return
    with summary:
        try:
            with st.spinner(tr("Looking for free times …"), show_time=False):
                forecast = bulk_planning.forecast(page.app, page.transaction, order=order)
        except StudioError as error:
            st.warning(plain(worded(error.message)), icon=":material/error:")
            return
        _show_forecast(page, forecast, order)
        label = tr_plural("Create {n:,} post", "Create {n:,} posts", len(forecast.moments))
        with st.container(horizontal=True):
            if st.button(label, type="primary", icon=":material/auto_awesome:", width="stretch", key="days:start"):
                _start(page, order)
            if first and st.button(
                tr_plural("{n:,} empty draft", "{n:,} empty drafts", len(forecast.moments)), key="days:empty"
            ):
                _create_empty(page, order, forecast)


def _offer_practice_channel(page: Page, influencer: InfluencerCard, rules: RulesCard, start: date, days: int) -> None:
    st.info(
        tr(
            "{name} has no channel yet. Start with a practice channel: it behaves like a platform, but nobody outside "
            "sees its posts. Or connect an account first.",
            name=plain(influencer.name),
        ),
        icon=":material/cell_tower:",
    )

    def practice() -> None:
        with toast_errors(), page.transaction(needs="editor") as tx:
            channel = channels.add_sandbox(tx, influencer.id)
            order = _usual_order(influencer, channel, rules, start, days)
            _follow_series(bulk_planning.start_series(tx, order=order, request_key=request_key(_KEY)).id)

    with st.container(horizontal=True):
        label = tr_plural("Create {n:,} post on a practice channel", "Create {n:,} posts on a practice channel", days)
        if st.button(label, type="primary", icon=":material/auto_awesome:", key="days:practice"):
            practice()
            st.rerun()
        if st.button(tr("Connect an account"), icon=":material/add_link:"):
            page.go("settings/channels")


def _usual_order(influencer: InfluencerCard, channel: ChannelCard, rules: RulesCard, start: date, days: int) -> SeriesOrder:
    """As the form has it before anything is changed."""
    clocks = () if rules.slots else (bulk_planning.USUAL_CLOCK,)
    return SeriesOrder(influencer_id=influencer.id, first=start, days=days, clocks=clocks, channel_ids=(channel.id,))


def _create_empty(page: Page, order: SeriesOrder, forecast: Forecast) -> None:
    key = request_key(_KEY)
    variants = tuple(VariantDraft(channel_id=channel_id) for channel_id in order.channel_ids)
    with page.guard():
        with page.transaction(needs="editor") as tx:
            for n, free_time in enumerate(forecast.moments):
                draft = PlanDraft(influencer_id=order.influencer_id, wall=free_time.wall, variants=variants)
                content_plans.create(tx, draft, request_key=f"{key}:{n}")
        renew_request_key(_KEY)
        queue_toast(tr_plural("{n:,} draft created.", "{n:,} drafts created.", len(forecast.moments)))
        refresh_calendar()
        st.rerun()


def _show_forecast(page: Page, forecast: Forecast, order: SeriesOrder) -> None:
    """The forecast, before anything is started."""
    times = [f":violet-badge[{moment_text(free_time.wall)}]" for free_time in forecast.moments[:_LISTED_TIMES]]
    if rest := len(forecast.moments) - len(times):
        times.append(tr("and {n:,} more, to {day}", n=rest, day=weekday_text(forecast.moments[-1].wall.date())))
    with st.container(border=True, gap="xxsmall"):
        st.markdown(_what(len(forecast.moments), with_pictures=bool(order.pictures)))
        st.markdown(" ".join(times))
        if forecast.filled:
            skipped = tr_plural(
                "{n:,} day has a post already and is skipped.",
                "{n:,} days have a post already and are skipped.",
                forecast.filled,
            )
            st.caption(f":material/event_available: {skipped}")
        if forecast.moved:
            moved = tr_plural(
                "{n:,} time taken: moved to the nearest free one.",
                "{n:,} times taken: moved to the nearest free ones.",
                forecast.moved,
            )
            st.caption(f":material/event_busy: {moved}")
        if forecast.left_out:
            left_out = tr_plural(
                "{n:,} time left out: past, or no room on that day.",
                "{n:,} times left out: past, or no room on that day.",
                forecast.left_out,
            )
            st.caption(f":material/event_busy: {left_out}")
        st.caption(f":material/ink_pen: {_text_cost(forecast)}")
        if order.pictures and forecast.pictures:
            st.caption(f":material/image: {_picture_time(forecast)}")
        for sentence in forecast.warnings:
            st.caption(f":material/info: {plain(worded(sentence))}")
    if forecast.over:
        st.warning(plain(_budget_warning(forecast)), icon=":material/payments:")


def _what(n: int, *, with_pictures: bool) -> str:
    if with_pictures:
        return tr_plural(
            "**{n:,} draft**, written and illustrated. Nothing goes out before you approve it.",
            "**{n:,} drafts**, written and illustrated. Nothing goes out before you approve it.",
            n,
        )
    return tr_plural(
        "**{n:,} draft**, written. Nothing goes out before you approve it.",
        "**{n:,} drafts**, written. Nothing goes out before you approve it.",
        n,
    )


def _budget_warning(forecast: Forecast) -> str:
    if not forecast.left_usd:
        return tr(
            "The text budget is used up, so no post would be written. It starts again when the day or the month is "
            "over, or when an owner raises the limit in Settings → Usage & limits."
        )
    return tr(
        "The text budget has {left} left, so it may stop before the end. What is written by then stays; “Try again” "
        "continues from there when there is budget again.",
        left=usd(forecast.left_usd),
    )


def _text_cost(forecast: Forecast) -> str:
    write_time = duration(forecast.write_s)
    if forecast.most_usd is None:
        return tr(
            "No language model is set: the offline writer writes the texts, free, in about {time}.",
            time=write_time,
        )
    most = usd(forecast.most_usd)
    if forecast.usual_usd is None:
        return plain(tr("Texts cost at most {most}, usually far less; they take about {time}.", most=most, time=write_time))
    return plain(
        tr(
            "Texts cost at most {most}, usually about {usual}; they take about {time}.",
            most=most,
            usual=usd(forecast.usual_usd),
            time=write_time,
        )
    )


def _picture_time(forecast: Forecast) -> str:
    if forecast.draw_s is None:
        return tr_plural(
            "{n:,} picture: how long it takes is known once one was generated here. It goes to its draft when it is ready.",
            "{n:,} pictures: how long they take is known once one was generated here. Each goes to its draft when it is ready.",
            forecast.pictures,
        )
    return tr_plural(
        "{n:,} picture in {time}. It goes to its draft when it is ready.",
        "{n:,} pictures in {time}. Each goes to its draft when it is ready.",
        forecast.pictures,
        time=estimated_duration(forecast.draw_s, forecast.load_s),
    )


def _start(page: Page, order: SeriesOrder) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            job = bulk_planning.start_series(tx, order=order, request_key=request_key(_KEY))
    except StudioError as error:
        st.error(plain(worded(error.message)), icon=":material/error:")
        return
    _follow_series(job.id)
    st.rerun()


def _follow_series(job_id: str) -> None:
    renew_request_key(_KEY)
    st.session_state.pop("series:hidden", None)
    st.session_state["series:started"] = job_id
    queue_toast(tr("Started: drafts appear on the calendar one by one."), ":material/auto_awesome:")

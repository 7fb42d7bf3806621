"""A series of posts on the calendar page: its form (days, times, channels, pictures, topics), the newest one's progress, and
what to do with its drafts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from functools import partial

import streamlit as st

from backend import bulk_planning, content_plans
from backend.bulk_planning import SeriesCard, SeriesOrder
from backend.channels import PRIVACY, ChannelCard
from backend.content_plans import RulesCard, to_local_time
from backend.influencers import InfluencerCard
from backend.kit.clock import now
from backend.platforms.registry import PLATFORMS
from backend.writing import CAPTION_CHARACTERS, MAX_STYLE
from studio.content_plans.calendar_view import refresh_calendar
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import count, duration, plain
from studio.ui.notices import queue_toast, toast_errors
from studio.writing.writing_form import brief_fields

FORMATS = {"picture": "Picture", "carousel": "Carousel", "story": "Story", "reel": "Reel"}
_DEFAULT_TIMES = ((time(18),), (time(9), time(18)), (time(9), time(13), time(18)), (time(8), time(12), time(16), time(20)))
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HIDDEN, _UNDO = "series:hidden", "series:undo"
_MAX_AGE = timedelta(days=7)
_REFRESH_S = 4


def series_form(
    influencer: InfluencerCard,
    channel_cards: Sequence[ChannelCard],
    rules: RulesCard,
    *,
    first: date | None = None,
    days: int = 7,
) -> SeriesOrder:
    """`channel_cards`: the influencer's. `first`: the day to begin with; None: tomorrow in their time zone. Raises Invalid."""
    key = f"days:{influencer.id}"
    channel_names = {channel.id: channel.label for channel in channel_cards}
    channel_ids = st.multiselect(
        "Channels, in the order they go out",
        list(channel_names),
        list(channel_names),
        format_func=channel_names.__getitem__,
        key=f"{key}:channels",
    )
    left, right = st.columns(2)
    tomorrow = to_local_time(now(), influencer.time_zone).date() + timedelta(days=1)
    start = left.date_input("From", first or tomorrow, format="DD/MM/YYYY", key=f"{key}:first:{first}")
    n = right.number_input("Days", 1, bulk_planning.MAX_DAYS, min(days, bulk_planning.MAX_DAYS), key=f"{key}:days:{days}")
    times_of_day = _times_of_day(key, influencer, rules)
    skip = st.checkbox("Skip days that already have a post", value=True, key=f"{key}:skip")
    left, right = st.columns(2, vertical_alignment="bottom")
    post_format = left.segmented_control(
        "Format", list(FORMATS), default="picture", format_func=FORMATS.__getitem__, key=f"{key}:format", required=True
    )
    make_label = "Make the reels too" if post_format == "reel" else "Make the pictures too"
    make_pictures = right.toggle(make_label, value=True, key=f"{key}:draws")
    pictures, reel_seconds = int(make_pictures), 20
    if make_pictures and post_format == "reel":
        reel_seconds = int(st.slider("Seconds of a reel", 10, 60, 20, 5, key=f"{key}:seconds"))
    if make_pictures and post_format == "carousel":
        pictures = int(st.number_input("Pictures in a carousel", 2, bulk_planning.MAX_PICTURES, 2, key=f"{key}:pictures"))
    topics = st.text_area(
        "Topics",
        placeholder="One a line, or leave it empty: they think of something themselves.",
        height=80,
        key=f"{key}:topics",
    )
    more = _extra_fields(key, [channel for channel in channel_cards if channel.id in channel_ids])
    return SeriesOrder(
        influencer_id=influencer.id,
        first=start,
        days=int(n),
        clocks=times_of_day,
        skip_filled=skip,
        channel_ids=tuple(channel_ids),
        format=post_format or "picture",
        pictures=pictures,
        reel_seconds=reel_seconds,
        topics=tuple(topics.splitlines()),
        **more,
    )


def _times_of_day(key: str, influencer: InfluencerCard, rules: RulesCard) -> tuple[str, ...]:
    """Times of day (“18:30”); empty: the recurring times."""
    choice = "daily"
    if rules.slots:
        labels = {"daily": "Every day", "slots": "Recurring times"}
        choice = (
            st.segmented_control(
                "When", list(labels), default="slots", format_func=labels.__getitem__, key=f"{key}:way", required=True
            )
            or "slots"
        )
    if choice == "slots":
        slots_text = ", ".join(f"{_DAYS[slot.weekday]} {slot.at}" for slot in rules.slots)
        st.caption(f"{slots_text}, by the clocks of {plain(influencer.time_zone)}.")
        return ()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = int(st.number_input("Posts a day", 1, bulk_planning.MAX_POSTS_PER_DAY, 1, key=f"{key}:a_day", width=120))
        times = [
            st.time_input("At" if at == 0 else "and at", clock, step=300, key=f"{key}:at:{n}:{at}", width=110)
            for at, clock in enumerate(_DEFAULT_TIMES[n - 1])
        ]
    st.caption(
        f"By the clocks of {plain(influencer.time_zone)}. A time that is taken moves to the nearest free one of its day."
    )
    return tuple(f"{clock:%H:%M}" for clock in times if clock)


def _extra_fields(key: str, channel_cards: Sequence[ChannelCard]) -> dict[str, object]:
    """Fields that most people leave at their defaults, by name in SeriesOrder."""
    privacy: dict[str, str] = {}
    for channel in channel_cards:
        if PLATFORMS[channel.platform].privacy == "by hand":
            choices = {"": "Choose for each post later", **PRIVACY[channel.platform]}
            chosen = st.selectbox(
                f"Who can see the posts of {plain(channel.label)}",
                list(choices),
                format_func=choices.__getitem__,
                key=f"{key}:privacy:{channel.id}",
            )
            privacy |= {channel.id: chosen} if chosen else {}
    with st.expander("Style and timing", icon=":material/tune:"):
        style = st.text_input("Style", max_chars=MAX_STYLE, placeholder="as they always write", key=f"{key}:style")
        length = st.number_input("Caption, characters at most", 40, 2200, CAPTION_CHARACTERS, 10, key=f"{key}:length")
        redraw = st.number_input(
            "Draw pictures below the face match threshold again, times at most",
            0,
            bulk_planning.MAX_REDRAWS,
            bulk_planning.DEFAULT_REDRAWS,
            key=f"{key}:redraw",
            help="A post without a good one says that it needs a picture. 0: every picture is used.",
        )
        between = 0
        if len(channel_cards) > 1:
            between = st.number_input("Minutes between channels", 0, 120, 0, 5, key=f"{key}:between")
    brief = brief_fields(key)
    return {
        "style": style,
        "length": int(length),
        "minutes_between": int(between),
        "redraw": int(redraw),
        "privacy": privacy,
        **brief,
    }


def show(page: Page, influencer: str) -> str:
    """Draws the newest series while it is relevant. Returns a string that changes whenever the calendar must read again."""
    _undo_row(page)
    with page.transaction() as tx:
        card = bulk_planning.latest_series(tx, influencer)
    if card is None or _is_over(card):
        return ""
    with st.container():
        working = follow(page, card.job, key="series")
        if working and card.pictures:
            _drawing_progress(page, card)
        if not working:
            _drafts_row(page, card)
    return f"{card.job.state}:{len(card.plans)}:{card.drawn}"


def _is_over(card: SeriesCard) -> bool:
    hidden = st.session_state.get(_HIDDEN) == card.job.id or now() - card.job.created_at > _MAX_AGE
    return card.job.ended and (hidden or (not card.drafts and card.job.state != "failed"))


def _drawing_progress(page: Page, first: SeriesCard) -> None:
    """Progress of the pictures; reruns the page when the job has ended."""

    @st.fragment(run_every=_REFRESH_S)
    def panel() -> None:
        with page.transaction() as tx:
            card = bulk_planning.get_series(tx, first.job.id)
        if card.job.ended:
            st.rerun()
        remaining = f", about {duration(card.left_s)} left" if card.left_s else ""
        text = f"Pictures: {card.drawn} of {card.pictures} are in their drafts{remaining}"
        st.progress(card.drawn / max(1, card.pictures), text=text)

    panel()


def _drafts_row(page: Page, card: SeriesCard) -> None:
    if not card.drafts:
        return
    dates = sorted(plan.wall for plan in card.plans if plan.wall)
    span = f", {dates[0]:%-d %b} to {dates[-1]:%-d %b}" if dates else ""
    name = card.plans[0].influencer_name if card.plans else ""
    with st.container(horizontal=True, vertical_alignment="center", key="series-drafts"):
        st.markdown(
            f"**{count(len(card.drafts), 'draft')} for {plain(name)}**{plain(span)}  \n:small[{plain(_summary(card))}]",
            width="stretch",
        )
        if st.button("Review", type="primary", icon=":material/rate_review:", key="series:look"):
            page.go("inbox/inbox", influencer=card.job.subject_id)
        if page.can_edit:
            with page.transaction() as tx:
                review = content_plans.get_rules(tx, card.job.subject_id).review
            st.button(
                "Send for review" if review else "Schedule",
                icon=":material/schedule_send:",
                key="series:schedule",
                on_click=_schedule,
                args=(page, card),
            )
            if st.button("Delete", icon=":material/delete:", key="series:delete"):
                note = "What is in review or scheduled stays, and so do the pictures in the gallery. This can be undone."
                confirm(
                    f"Delete {count(len(card.drafts), 'draft')}?", note, action="Delete them", act=partial(_discard, page, card)
                )
        st.button(
            "Hide",
            icon=":material/close:",
            key="icon-only-series-hide",
            type="tertiary",
            help="Hide",
            on_click=_hide,
            args=(card.job.id,),
        )


def _summary(card: SeriesCard) -> str:
    result = card.job.result or {}
    sentences = []
    if result.get("model") == "offline":
        sentences.append("Written by the offline writer: no language model is set.")
    if n := result.get("unwritten"):
        reasons = " ".join(result.get("reasons") or ["The model's answer could not be read."])
        sentences.append(f"{count(int(n), 'post')} could not be written. {reasons}")
    if n := result.get("undated"):
        sentences.append(f"{count(int(n), 'draft')} found no free time and wait without a date.")
    if card.failed:
        sentences.append(f"{count(card.failed, 'picture')} could not be drawn: Activity says why.")
    if card.lacking:
        n = count(card.lacking, "post")
        sentences.append(f"{n} {'needs' if card.lacking == 1 else 'need'} a picture: too few of those drawn looked like them.")
    if card.held:
        sentences.append(
            f"{count(card.held, 'picture')} in the face check: not enough like them. Choose what the posts show instead."
        )
    if without_picture := sum(not any(post.media for post in plan.posts) for plan in card.plans if plan.id in card.drafts):
        sentences.append(
            f"{without_picture} without a picture yet." if without_picture < len(card.drafts) else "Without pictures yet."
        )
    return " ".join(sentences)


def _hide(job_id: str) -> None:
    st.session_state[_HIDDEN] = job_id


def _schedule(page: Page, card: SeriesCard) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            outcome = content_plans.schedule(tx, card.drafts, expected={plan.id: plan for plan in card.plans})
        parts = [
            f"{n} {word}"
            for n, word in (
                (len(outcome.done), "scheduled"),
                (len(outcome.review), "sent to review"),
                (len(outcome.refused), "not yet"),
            )
            if n
        ]
        reasons = f" {' '.join(dict.fromkeys(outcome.refused.values()))}" if outcome.refused else ""
        queue_toast(plain(f"{', '.join(parts) or 'Nothing to schedule'}.{reasons}"))
    refresh_calendar()


def _discard(page: Page, card: SeriesCard) -> None:
    with page.transaction(needs="editor") as tx:
        entry, outcome = bulk_planning.discard_drafts(tx, card.job.id)
    if entry:
        st.session_state[_UNDO] = (entry.id, entry.said)
    if outcome.refused:
        queue_toast(plain(" ".join(dict.fromkeys(outcome.refused.values()))), ":material/error:")
    refresh_calendar()


def _undo_row(page: Page) -> None:
    if last_entry := st.session_state.get(_UNDO):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/delete: {plain(last_entry[1])}")
            st.button("Undo", icon=":material/undo:", key="series:undo:go", on_click=_undo, args=(page, last_entry[0]))


def _undo(page: Page, act_id: str) -> None:
    st.session_state.pop(_UNDO, None)
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.undo(tx, act_id)
    refresh_calendar()

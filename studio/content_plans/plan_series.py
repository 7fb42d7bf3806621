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
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.platforms.registry import PLATFORMS
from backend.writing import CAPTION_CHARACTERS, MAX_STYLE
from studio.content_plans.calendar_view import refresh_calendar
from studio.content_plans.day_text import weekdays
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import day_text, duration, plain, time_text
from studio.ui.notices import queue_toast, toast_errors
from studio.writing.writing_form import brief_fields

FORMATS = {
    "picture": tr_lazy("Picture"),
    "carousel": tr_lazy("Carousel"),
    "story": tr_lazy("Story"),
    "reel": tr_lazy("Reel"),
}
_DEFAULT_TIMES = ((time(18),), (time(9), time(18)), (time(9), time(13), time(18)), (time(8), time(12), time(16), time(20)))
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
        tr("Channels, in the order they go out"),
        list(channel_names),
        list(channel_names),
        format_func=channel_names.__getitem__,
        key=f"{key}:channels",
    )
    left, right = st.columns(2)
    tomorrow = to_local_time(now(), influencer.time_zone).date() + timedelta(days=1)
    start = left.date_input(tr("First day"), first or tomorrow, format="DD/MM/YYYY", key=f"{key}:first:{first}")
    n = right.number_input(tr("Days"), 1, bulk_planning.MAX_DAYS, min(days, bulk_planning.MAX_DAYS), key=f"{key}:days:{days}")
    times_of_day = _times_of_day(key, influencer, rules)
    skip = st.checkbox(tr("Skip days that already have a post"), value=True, key=f"{key}:skip")
    left, right = st.columns(2, vertical_alignment="bottom")
    post_format = left.segmented_control(
        tr("Format"),
        list(FORMATS),
        default="picture",
        format_func=lambda name: worded(FORMATS[name]),
        key=f"{key}:format",
        required=True,
    )
    make_label = tr("Make the reels too") if post_format == "reel" else tr("Make the pictures too")
    make_pictures = right.toggle(make_label, value=True, key=f"{key}:draws")
    pictures, reel_seconds = int(make_pictures), 20
    if make_pictures and post_format == "reel":
        reel_seconds = int(st.slider(tr("Seconds of a reel"), 10, 60, 20, 5, key=f"{key}:seconds"))
    if make_pictures and post_format == "carousel":
        pictures = int(st.number_input(tr("Pictures in a carousel"), 2, bulk_planning.MAX_PICTURES, 2, key=f"{key}:pictures"))
    topics = st.text_area(
        tr("Topics"),
        placeholder=tr("One per line. Leave it empty and your influencer picks the topics."),
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
        zone=influencer.time_zone,
        **more,
    )


def _times_of_day(key: str, influencer: InfluencerCard, rules: RulesCard) -> tuple[str, ...]:
    """Times of day (“18:30”); empty: the recurring times."""
    choice = "daily"
    if rules.slots:
        labels = {"daily": tr("Every day"), "slots": tr("Recurring times")}
        choice = (
            st.segmented_control(
                tr("When"), list(labels), default="slots", format_func=labels.__getitem__, key=f"{key}:way", required=True
            )
            or "slots"
        )
    if choice == "slots":
        slots_text = ", ".join(f"{weekdays()[slot.weekday]} {time_text(time.fromisoformat(slot.at))}" for slot in rules.slots)
        st.caption(tr("{times}. Time zone: {zone}.", times=slots_text, zone=plain(influencer.time_zone)))
        return ()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = int(st.number_input(tr("Posts a day"), 1, bulk_planning.MAX_POSTS_PER_DAY, 1, key=f"{key}:a_day", width=120))
        times = [
            st.time_input(tr("At") if at == 0 else tr("and at"), clock, step=300, key=f"{key}:at:{n}:{at}", width=110)
            for at, clock in enumerate(_DEFAULT_TIMES[n - 1])
        ]
    st.caption(
        tr(
            "Time zone: {zone}. Busy times move to the nearest free one of the day.",
            zone=plain(influencer.time_zone),
        )
    )
    return tuple(f"{clock:%H:%M}" for clock in times if clock)


def _extra_fields(key: str, channel_cards: Sequence[ChannelCard]) -> dict[str, object]:
    """Fields that most people leave at their defaults, by name in SeriesOrder."""
    privacy: dict[str, str] = {}
    for channel in channel_cards:
        if PLATFORMS[channel.platform].privacy == "by hand":
            labels = {value: worded(label) for value, label in PRIVACY[channel.platform].items()}
            choices = {"": tr("Choose for each post later"), **labels}
            chosen = st.selectbox(
                tr("Who can see the posts of {channel}", channel=plain(channel.label)),
                list(choices),
                format_func=choices.__getitem__,
                key=f"{key}:privacy:{channel.id}",
            )
            privacy |= {channel.id: chosen} if chosen else {}
    with st.expander(tr("Style and timing"), icon=":material/tune:"):
        style = st.text_input(tr("Style"), max_chars=MAX_STYLE, placeholder=tr("their usual style"), key=f"{key}:style")
        length = st.number_input(tr("Max. length of the text"), 40, 2200, CAPTION_CHARACTERS, 10, key=f"{key}:length")
        redraw = st.number_input(
            tr("Retries for pictures below the face match threshold"),
            0,
            bulk_planning.MAX_REDRAWS,
            bulk_planning.DEFAULT_REDRAWS,
            key=f"{key}:redraw",
            help=tr("A post without a good picture says that it needs one. 0: every picture is used."),
        )
        between = 0
        if len(channel_cards) > 1:
            between = st.number_input(tr("Minutes between channels"), 0, 120, 0, 5, key=f"{key}:between")
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
        text = (
            tr(
                "Pictures: {done:,} of {n:,} are in their drafts, about {time} left",
                done=card.drawn,
                n=card.pictures,
                time=duration(card.left_s),
            )
            if card.left_s
            else tr("Pictures: {done:,} of {n:,} are in their drafts", done=card.drawn, n=card.pictures)
        )
        st.progress(card.drawn / max(1, card.pictures), text=text)

    panel()


def _drafts_row(page: Page, card: SeriesCard) -> None:
    if not card.drafts:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="series-drafts"):
        st.markdown(
            f"{_headline(card)}  \n:small[{plain(_summary(card))}]",
            width="stretch",
        )
        if st.button(tr("Review"), type="primary", icon=":material/rate_review:", key="series:look"):
            page.go("inbox/inbox", influencer=card.job.subject_id)
        if page.can_edit:
            with page.transaction() as tx:
                review = content_plans.get_rules(tx, card.job.subject_id).review
            st.button(
                tr("Send for review") if review else tr("Schedule"),
                icon=":material/schedule_send:",
                key="series:schedule",
                on_click=_schedule,
                args=(page, card),
            )
            if st.button(tr("Delete"), icon=":material/delete:", key="series:delete"):
                note = tr("What is in review or scheduled stays, and so do the pictures in the gallery. This can be undone.")
                confirm(
                    tr_plural("Delete {n:,} draft?", "Delete {n:,} drafts?", len(card.drafts)),
                    note,
                    action=tr("Delete them"),
                    act=partial(_discard, page, card),
                )
        st.button(
            tr("Hide"),
            icon=":material/close:",
            key="icon-only-series-hide",
            type="tertiary",
            help=tr("Hide"),
            on_click=_hide,
            args=(card.job.id,),
        )


def _headline(card: SeriesCard) -> str:
    dates = sorted(plan.wall for plan in card.plans if plan.wall)
    name = plain(card.plans[0].influencer_name if card.plans else "")
    if not dates:
        return tr_plural("**{n:,} draft for {name}**", "**{n:,} drafts for {name}**", len(card.drafts), name=name)
    return tr_plural(
        "**{n:,} draft for {name}**, {first} to {last}",
        "**{n:,} drafts for {name}**, {first} to {last}",
        len(card.drafts),
        name=name,
        first=day_text(dates[0].date()),
        last=day_text(dates[-1].date()),
    )


def _summary(card: SeriesCard) -> str:
    result = card.job.result or {}
    sentences = []
    if result.get("model") == "offline":
        sentences.append(tr("Written by the offline writer: no language model is set."))
    if n := result.get("unwritten"):
        reasons = [worded(reason) for reason in result.get("reasons") or []] or [tr("The model's answer could not be read.")]
        unwritten = tr_plural("{n:,} post could not be written.", "{n:,} posts could not be written.", int(n))
        sentences.append(" ".join([unwritten, *reasons]))
    if n := result.get("undated"):
        sentences.append(
            tr_plural(
                "{n:,} draft found no free time and waits without a date.",
                "{n:,} drafts found no free time and wait without a date.",
                int(n),
            )
        )
    if card.failed:
        sentences.append(
            tr_plural(
                "{n:,} picture could not be generated: Activity says why.",
                "{n:,} pictures could not be generated: Activity says why.",
                card.failed,
            )
        )
    if card.lacking:
        sentences.append(
            tr_plural(
                "{n:,} post needs a picture: too few of the generated ones passed the face match.",
                "{n:,} posts need a picture: too few of the generated ones passed the face match.",
                card.lacking,
            )
        )
    if card.held:
        sentences.append(
            tr_plural(
                "{n:,} picture in the face check: below the threshold. Choose what the post shows instead.",
                "{n:,} pictures in the face check: below the threshold. Choose what the posts show instead.",
                card.held,
            )
        )
    if without_picture := sum(not any(post.media for post in plan.posts) for plan in card.plans if plan.id in card.drafts):
        sentences.append(
            tr("{n:,} without a picture yet.", n=without_picture)
            if without_picture < len(card.drafts)
            else tr("Without pictures yet.")
        )
    return " ".join(sentences)


def _hide(job_id: str) -> None:
    st.session_state[_HIDDEN] = job_id


def _schedule(page: Page, card: SeriesCard) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            outcome = content_plans.schedule(tx, card.drafts, expected={plan.id: plan for plan in card.plans})
        done, in_review, refused = len(outcome.done), len(outcome.review), len(outcome.refused)
        sentences = [
            *([tr_plural("{n:,} post scheduled.", "{n:,} posts scheduled.", done)] if done else []),
            *([tr_plural("{n:,} post sent to review.", "{n:,} posts sent to review.", in_review)] if in_review else []),
            *([tr_plural("{n:,} post not yet.", "{n:,} posts not yet.", refused)] if refused else []),
            *(worded(reason) for reason in dict.fromkeys(outcome.refused.values())),
        ]
        queue_toast(plain(" ".join(sentences) or tr("Nothing to schedule.")))
    refresh_calendar()


def _discard(page: Page, card: SeriesCard) -> None:
    with page.transaction(needs="editor") as tx:
        entry, outcome = bulk_planning.discard_drafts(tx, card.job.id)
    if entry:
        st.session_state[_UNDO] = (entry.id, entry.said)
    if outcome.refused:
        queue_toast(plain(" ".join(map(worded, dict.fromkeys(outcome.refused.values())))), ":material/error:")
    refresh_calendar()


def _undo_row(page: Page) -> None:
    if last_entry := st.session_state.get(_UNDO):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/delete: {plain(worded(last_entry[1]))}")
            st.button(tr("Undo"), icon=":material/undo:", key="series:undo:go", on_click=_undo, args=(page, last_entry[0]))


def _undo(page: Page, act_id: str) -> None:
    if st.session_state.pop(_UNDO, None) is None:
        return  # the second half of a double click
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.undo(tx, act_id)
    refresh_calendar()

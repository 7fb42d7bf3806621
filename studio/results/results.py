"""The Results page: posts that went out, by day and channel, and the list of them with links."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import streamlit as st
from babel.dates import format_date
from sqlalchemy.orm import Session

from backend import content_plans
from backend.content_plans import ChannelDay, PlanCard, PostState
from backend.language import reader, tr, tr_lazy, tr_plural, worded
from backend.platforms.registry import PLATFORMS
from studio.shell.frame import Page
from studio.ui.charts import chart
from studio.ui.empty_state import empty_state
from studio.ui.format import date_time_text, lines, number, plain
from studio.ui.thumbnails import thumbnail

TAKE = 30
_DAYS = {7: tr_lazy("7 days"), 30: tr_lazy("30 days"), 90: tr_lazy("90 days")}
_MAX_CAPTION = 160
_MOST_DAYS = 31


def show(page: Page) -> None:
    days = st.segmented_control(
        tr("Period"),
        list(_DAYS),
        default=30,
        format_func=lambda days: worded(_DAYS[days]),
        required=True,
        label_visibility="collapsed",
    )
    since = datetime.now(UTC) - timedelta(days=days or 30)
    take = st.session_state.setdefault("results:take", TAKE)
    with page.transaction() as tx:
        channel_days = content_plans.published_by_day(tx, since=since, influencer_id=page.influencer_id)
        plans = content_plans.published_plans(tx, since=since, influencer_id=page.influencer_id, take=take + 1)
    if not channel_days:
        card = empty_state(
            tr("Nothing was published in this time"),
            tr("Posts that went out are counted here, with links to them."),
            icon=":material/monitoring:",
        )
        if card.button(tr("Open the calendar"), type="primary"):
            page.go("calendar/calendar")
        return
    _figures(channel_days, days or 30)
    _chart(channel_days, days or 30)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(tr("Published posts"), anchor=False)
        st.space("stretch")
        st.download_button(
            "CSV", lambda: _csv(page, since), file_name="published-posts.csv", mime="text/csv", icon=":material/download:"
        )
    for plan in plans[:take]:
        _row(page, plan)
    if len(plans) > take and st.button(tr("Show more"), width="stretch"):
        st.session_state["results:take"] = take + TAKE
        st.rerun()


def _figures(channel_days: list[ChannelDay], days: int) -> None:
    by_channel: Counter[tuple[str, str]] = Counter()
    for channel_day in channel_days:
        by_channel[channel_day.platform, channel_day.channel_name] += channel_day.posts
    total = sum(by_channel.values())
    with st.container(horizontal=True):
        st.metric(tr("Posts"), number(total), border=True)
        st.metric(tr("Per week"), number(total * 7 / days, ".1"), border=True)
        for (platform, channel_name), posts in by_channel.most_common(4):
            st.metric(f"{PLATFORMS[platform].short_name} · {plain(channel_name)}", number(posts), border=True)


def _chart(channel_days: list[ChannelDay], days: int) -> None:
    day_label, channel_label, posts_label = tr("Day"), tr("Channel"), tr("Posts")
    counts: Counter[tuple[date, str]] = Counter()
    for row in channel_days:
        counts[_bar_start(row.day, days), row.channel_name] += row.posts
    today, first = datetime.now(UTC).date(), min(row.day for row in channel_days)
    starts = dict.fromkeys(_bar_start(first + timedelta(days=n), days) for n in range((today - first).days + 2))
    names = dict.fromkeys(row.channel_name for row in channel_days)
    rows = [
        {day_label: _day_text(start), channel_label: name, posts_label: counts[start, name]}
        for start in starts
        for name in names
    ]
    table = [
        {day_label: row.day, channel_label: row.channel_name, posts_label: row.posts}
        for row in sorted(channel_days, key=lambda row: row.day, reverse=True)
    ]
    says = tr("In the last {days} days. Each post counts on the day of its own time zone.", days=days)
    chart("bar", rows, x=day_label, y=posts_label, color=channel_label, says=says, table=table)


def _bar_start(day: date, days: int) -> date:
    """Of long periods a bar is a week, from its Monday on."""
    return day - timedelta(days=day.weekday()) if days > _MOST_DAYS else day


def _day_text(day: date) -> str:
    """“23 Nov”"""
    return format_date(day, "d MMM", locale=reader().language)


def _row(page: Page, plan: PlanCard) -> None:
    published = [post for post in plan.posts if post.state == PostState.PUBLISHED]
    first = published[0]
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"result:{plan.id}"):
        thumbnail(page.workspace.id, first.media[0] if first.media else None, icon="notes", size="medium")
        with st.container(width="stretch", gap="xxsmall"):
            caption = " ".join(lines(first.caption)) or plan.title
            st.markdown(plain(caption[:_MAX_CAPTION] + ("…" if len(caption) > _MAX_CAPTION else "")))
            when = date_time_text(max(post.published_at for post in published if post.published_at))
            channels = tr_plural("{n} channel", "{n} channels", len(published))
            st.caption(f"{plain(plan.influencer_name)} · {when} · {channels}")
        for post in published:
            if post.url:
                st.link_button(PLATFORMS[post.platform].short_name, post.url, icon=":material/open_in_new:")


def _csv(page: Page, since: datetime) -> str:
    def read(tx: Session) -> str:
        return content_plans.published_csv(tx, since=since, influencer_id=page.influencer_id)

    return page.app.db.read_list(page.caller, read)

"""The week ahead and the one behind: how many posts each day has, and a button that fills the empty ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import streamlit as st
from babel.dates import format_date

from backend import influencers
from backend.content_plans import CalendarEntry, ChannelDay, PostState
from backend.influencers import InfluencerCard
from backend.language import reader, tr, tr_plural
from studio.content_plans import bulk_dialog
from studio.shell.frame import Page
from studio.ui.format import esc

DAYS = 7
_STRIP_CSS = """<style>
.week-strip { display: grid; grid-template-columns: repeat(auto-fit, minmax(34px, 1fr)); gap: 6px; }
.week-strip > div { border-radius: 8px; padding: 6px 2px; text-align: center; line-height: 1.3;
  background: var(--color-panel); }
.week-strip > .free { background: none; outline: 1px dashed var(--color-border-strong); outline-offset: -1px; }
.week-strip small { display: block; color: var(--color-muted); }
.week-strip b { font-size: 1.05rem; }
</style>"""


def zone(cards: Sequence[InfluencerCard], influencer_id: str) -> str:
    """The influencer's time zone, the one that all of them share, else the person's, else UTC."""
    zones = {card.time_zone for card in cards if influencer_id in ("", card.id)}
    if len(zones) == 1:
        return zones.pop()
    return reader().zone if reader().zone in influencers.time_zones() else "UTC"


def by_day(entries: Sequence[CalendarEntry], first: date) -> dict[date, list[CalendarEntry]]:
    """The seven days from `first` on, each with its posts by time."""
    days: dict[date, list[CalendarEntry]] = {first + timedelta(days=n): [] for n in range(DAYS)}
    for entry in entries:
        if entry.wall and entry.wall.date() in days:
            days[entry.wall.date()].append(entry)
    return days


def posts_by_day(channel_days: Sequence[ChannelDay]) -> dict[date, int]:
    posts: Counter[date] = Counter()
    for channel_day in channel_days:
        posts[channel_day.day] += channel_day.posts
    return dict(posts)


def draw(
    page: Page,
    days: Mapping[date, Sequence[CalendarEntry]],
    published: Mapping[date, int],
    influencer_cards: Sequence[InfluencerCard],
) -> None:
    """`days`: from today on; `published`: posts that went out in the last seven days."""
    empty = sum(not posts for posts in days.values())
    ready = sum(post.state == PostState.SCHEDULED for posts in days.values() for post in posts)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(tr("Next 7 days"), anchor=False, width="stretch")
        can_fill = page.can_edit and influencer_cards and empty
        if can_fill and st.button(tr("Fill the week"), icon=":material/auto_awesome:", key="home:fill"):
            bulk_dialog.open_dialog(page, influencer_cards, influencer=page.influencer_id)
    st.html(_STRIP_CSS + _strip(days))
    scheduled = tr_plural("{n:,} post scheduled", "{n:,} posts scheduled", ready)
    free = tr_plural("{n} empty day", "{n} empty days", empty) if empty else tr("no empty day")
    st.caption(f"{scheduled} · {free}")
    with st.container(horizontal=True, vertical_alignment="center"):
        went_out = sum(published.values())
        st.markdown(
            tr_plural("**Last 7 days**: {n:,} post published", "**Last 7 days**: {n:,} posts published", went_out),
            width="stretch",
        )
        page.link("results/results", tr("Results"), icon=":material/monitoring:")


def _day_name(day: date) -> str:
    """“Tue 24”"""
    return format_date(day, "EEE d", locale=reader().language)


def _strip(days: Mapping[date, Sequence[CalendarEntry]]) -> str:
    cells = "".join(
        f'<div class="{"" if posts else "free"}"><small>{esc(_day_name(day))}</small><b>{len(posts) or "–"}</b></div>'
        for day, posts in days.items()
    )
    return f'<div class="week-strip">{cells}</div>'

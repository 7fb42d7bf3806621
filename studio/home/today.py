"""Posts of today, by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from backend.channels import PLATFORMS
from backend.content_plans import CalendarEntry
from backend.language import tr, worded
from studio.content_plans import composer
from studio.content_plans.badges import state_badge
from studio.shell.frame import Page
from studio.ui.format import moment_text, plain, time_text, weekday_text
from studio.ui.thumbnails import thumbnail_html

_MOST_POSTS = 3


def draw(page: Page, days: Mapping[date, Sequence[CalendarEntry]], zone: str) -> None:
    """`days`: from today on, each with its posts."""
    today = next(iter(days))
    posts = days[today]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(tr("Today"), anchor=False, width="stretch")
        st.caption(f"{weekday_text(today)} · {plain(zone)}", width="content")
    if not posts:
        _nothing(days)
    for post in posts[:_MOST_POSTS]:
        _row(page, post)
    if len(posts) > _MOST_POSTS:
        page.link(
            "calendar/calendar",
            tr("{n} more today", n=len(posts) - _MOST_POSTS),
            icon=":material/calendar_month:",
        )


def _nothing(days: Mapping[date, Sequence[CalendarEntry]]) -> None:
    following = next((posts[0] for posts in days.values() if posts), None)
    if following and following.wall:
        st.caption(
            tr(
                "Nothing goes out today. Next: {title}, {time}.",
                title=plain(following.title),
                time=moment_text(following.wall),
            )
        )
    else:
        st.caption(tr("Nothing goes out today, and nothing is planned for the coming week."))


def _row(page: Page, post: CalendarEntry) -> None:
    platforms = ", ".join(worded(PLATFORMS[name]) for name in dict.fromkeys(post.platforms)) or tr("no channel")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"today:{post.id}"):
        st.html(thumbnail_html(page.workspace.id, post.asset_id), width="content")
        with st.container(gap=None, width="stretch"):
            time = f"**{time_text(post.wall)}** " if post.wall else ""
            st.markdown(f"{time}{plain(post.title)} {state_badge(post.state)}")
            name = page.influencer_names.get(post.influencer_id, "")
            clash = worded(post.clash) if post.movable else ""  # what is published cannot be moved apart
            st.caption(plain(" · ".join(filter(None, (name, platforms, clash)))))
        if st.button(
            tr("Edit") if page.can_edit and post.movable else tr("Open"), key=f"today:open:{post.id}", type="tertiary"
        ):
            composer.open_panel(page, post.id)

"""Posts of an influencer as rows: picture, time, what it says, and the way into the composer."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.content_plans import PlanCard
from backend.language import tr, tr_plural
from studio.content_plans import badges, composer
from studio.shell.frame import Page
from studio.ui.format import moment_text, plain
from studio.ui.thumbnails import thumbnail_html


def post_rows(page: Page, cards: Sequence[PlanCard], *, key: str) -> None:
    """`key`: tells lists on the same page apart."""
    for card in cards:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{key}:row:{card.id}"):
            first = next((post.media[0] for post in card.posts if post.media), None)
            st.html(thumbnail_html(page.workspace.id, first), width="content")
            with st.container(gap=None, width="stretch"):
                if st.button(plain(card.title), key=f"{key}:open:{card.id}", type="tertiary"):
                    composer.open_panel(page, card.id)
                st.caption(f"{badges.state_badge(card.state)} {plain(_facts(card))}")


def _facts(card: PlanCard) -> str:
    when = moment_text(card.wall) if card.wall else tr("no date")
    names = [post.channel_name for post in card.posts]
    if len(names) == 1:
        return f"{when} · {names[0]}"
    where = tr_plural("{n:,} channel", "{n:,} channels", len(names)) if names else tr("no channel")
    return f"{when} · {where}"

"""What waits for a person in publishing, as lines that link to where it is solved: on Review and on the overview."""

from __future__ import annotations

import streamlit as st

from backend import content_plans
from backend.channels import PLATFORMS
from backend.content_plans import Attention
from studio.shell.frame import Page
from studio.ui.format import count, plain


def read(page: Page) -> Attention:
    with page.transaction() as tx:
        return content_plans.needs_attention(tx)


def show(page: Page, attention: Attention, *, states: bool = True) -> None:
    """Draws the lines. `states`: also posts that are unknown, failed or missed; Review has its own lists of them."""
    if states:
        _state_line(page, attention.unknown, "unknown", "nobody knows whether they are there. Look at the account.")
        _state_line(page, attention.failed, "failed", "could not be published.")
        _state_line(page, attention.missed, "missed", "missed their time by more than 48 hours.")
    for channel in attention.disconnected:
        waiting = (
            f" {count(channel.waiting, 'post')} {'waits' if channel.waiting == 1 else 'wait'} for it."
            if channel.waiting
            else ""
        )
        reason = channel.trouble or ("It must be connected again." if channel.state == "reconnect" else "It is switched off.")
        text = f"**{plain(channel.name)} · {PLATFORMS[channel.platform]}**: {plain(reason)}{waiting}"
        _line(page, text, "Open channels", f"closed:{channel.channel_id}", "settings/channels")
    for paused in attention.paused:
        owner = plain(paused.name) if paused.influencer_id else "the whole workspace"
        text = f"**{count(paused.posts, 'post')}** held: publishing is stopped for {owner}."
        _line(page, text, "Open the calendar", f"stopped:{paused.influencer_id}", "calendar/calendar")


def _state_line(page: Page, n: int, state: str, text: str) -> None:
    if n:
        _line(page, f"**{count(n, 'post')}**: {text}", "Look", f"attention:{state}", "inbox/review", show=state)


def _line(page: Page, text: str, label: str, key: str, file: str, **query: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(text, width="stretch")
        if st.button(label, key=key):
            page.go(file, **query)

"""What of posting waits for a person, as lines that lead to where it is put right: on Review and on the overview."""

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


def lines(page: Page, found: Attention, *, states: bool = True) -> None:
    """`states`: also posts that are unknown, failed or missed, which Review has lists of itself."""
    if states:
        _posts(page, found.unknown, "unknown", "nobody knows whether they are there. Look at the account.")
        _posts(page, found.failed, "failed", "could not be published.")
        _posts(page, found.missed, "missed", "missed their time by more than 48 hours.")
    for one in found.disconnected:
        waits = f" {count(one.waiting, 'post')} {'waits' if one.waiting == 1 else 'wait'} for it." if one.waiting else ""
        why = one.trouble or ("It must be connected again." if one.state == "reconnect" else "It is switched off.")
        where = f"**{plain(one.name)} · {PLATFORMS[one.platform]}**: {plain(why)}{waits}"
        _line(page, where, "Open channels", f"closed:{one.channel_id}", "plan/channels")
    for stop in found.paused:
        whose = plain(stop.name) if stop.influencer_id else "the whole workspace"
        said = f"**{count(stop.posts, 'post')}** held: publishing is stopped for {whose}."
        _line(page, said, "Open the calendar", f"stopped:{stop.influencer_id}", "plan/calendar")


def _posts(page: Page, n: int, state: str, said: str) -> None:
    if n:
        _line(page, f"**{count(n, 'post')}**: {said}", "Look", f"attention:{state}", "plan/review", show=state)


def _line(page: Page, said: str, word: str, key: str, file: str, **query: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(said, width="stretch")
        if st.button(word, key=key):
            page.go(file, **query)

"""The inbox page: what is to fix, to approve and to look at, decided in place."""

from __future__ import annotations

import streamlit as st

from backend import inbox
from backend.inbox import EntryKind
from studio.content_plans import composer
from studio.inbox.inbox_list import OpenedEntry, inbox_list
from studio.shell.frame import Page

_PAGES = {"job": "settings/jobs", "picture": "library/gallery"}
"""Noun of an entry -> the page that shows it by its id."""
_LISTS = {"channel": "settings/channels", "pause": "calendar/calendar", "budget": "settings/costs"}
"""Noun of an entry -> the page where it is solved."""


def show(page: Page) -> None:
    requested = st.query_params.get("show", "")
    kind = requested if requested in inbox.ENTRY_KINDS else "all"
    listed: list[EntryKind] = ["rejected"] if kind == "rejected" else ["fix", "approve", "face_check"]
    with page.transaction() as tx:
        entries = inbox.entries(tx, page.app.settings, kinds=listed, influencer_id=page.influencer_id)
        counts = inbox.count_entries(tx, page.app.settings, influencer_id=page.influencer_id)
    if opened := inbox_list(page, entries, counts, key="inbox", kind=kind):
        open_entry(page, opened)


def open_entry(page: Page, opened: OpenedEntry) -> None:
    """A post opens beside the page, everything else on its own page."""
    if opened.noun == "plan":
        composer.open_panel(page, opened.id)
    elif opened.noun == "inbox":
        page.go("inbox/inbox", show=opened.id, **({"influencer": opened.influencer_id} if opened.influencer_id else {}))
    elif opened.noun in _PAGES:
        page.go(_PAGES[opened.noun], id=opened.id)
    else:
        page.go(_LISTS[opened.noun])

"""The inbox page: what is to fix, to approve and to look at, decided in place."""

from __future__ import annotations

import streamlit as st

from backend import inbox, notices
from backend.inbox import WAITING_KINDS, EntryKind
from studio.content_plans import composer
from studio.inbox.inbox_list import OpenedEntry, inbox_list
from studio.shell.frame import Page

_PAGES = {"job": "settings/jobs", "picture": "library/gallery"}
"""Noun of an entry -> the page that shows it by its id."""
_LISTS = {"channel": "settings/channels", "pause": "calendar/calendar", "budget": "settings/costs"}
"""Noun of an entry -> the page where it is solved."""
_OF_NOTICES = {
    "plan": "calendar/calendar",
    "automation": "calendar/automations",
    "job": "settings/jobs",
    "training": "models/training",
    "channel": "settings/channels",
    "budget": "settings/costs",
    "member": "settings/workspace",
    "workspace": "results/results",
    "system": "settings/system",
}
"""Noun of a notice -> the page of such things."""
_WITH_ID = ("job", "training", "automation")
"""Those whose page shows one by its id."""


def show(page: Page) -> None:
    requested = st.query_params.get("show", "")
    kind = requested if requested in inbox.ENTRY_KINDS else "all"
    listed: tuple[EntryKind, ...] = WAITING_KINDS
    if kind == "rejected":
        listed = ("rejected",)
    elif kind in ("notice", "notice_log"):
        kind, listed = "notice_log", ("notice_log",)
    with page.transaction() as tx:
        entries = inbox.entries(tx, page.app.settings, kinds=listed, influencer_id=page.influencer_id)
        counts = inbox.count_entries(tx, page.app.settings, influencer_id=page.influencer_id)
    if opened := inbox_list(page, entries, counts, key="inbox", kind=kind):
        open_entry(page, opened)


def open_entry(page: Page, opened: OpenedEntry) -> None:
    """A post opens beside the page, everything else on its own page."""
    if opened.noun == "plan":
        composer.open_panel(page, opened.id)
    elif opened.noun == "notice":
        _open_notice(page, opened.id)
    elif opened.noun == "inbox":
        page.go("inbox/inbox", show=opened.id, **({"influencer": opened.influencer_id} if opened.influencer_id else {}))
    elif opened.noun in _PAGES:
        page.go(_PAGES[opened.noun], id=opened.id)
    else:
        page.go(_LISTS[opened.noun])


def _open_notice(page: Page, notice_id: str) -> None:
    """What a notice is about, which is read then."""
    with page.transaction() as tx:
        card = notices.mark(tx, notice_id)
    if card.noun == "plan" and card.noun_id:
        composer.open_panel(page, card.noun_id)
    elif file := _OF_NOTICES.get(card.noun):
        page.go(file, **({"id": card.noun_id} if card.noun in _WITH_ID and card.noun_id else {}))
    else:
        page.go("inbox/inbox", show="notice_log")

"""My history: what the signed-in person did in this workspace, newest first, with an undo where there is one."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend import history, undo
from backend.history import NOUN_GROUPS, HistoryItem, NounGroup
from backend.language import tr, tr_lazy, worded
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

TAKE = 30
_GROUP, _TAKEN = "history:group", "history:take:"
_GROUPS: dict[NounGroup, str] = {
    "pictures": tr_lazy("Pictures"),
    "videos": tr_lazy("Videos"),
    "texts": tr_lazy("Texts"),
    "posts": tr_lazy("Posts"),
    "influencers": tr_lazy("Influencers"),
    "models": tr_lazy("Models"),
    "automations": tr_lazy("Automations"),
    "settings": tr_lazy("Settings"),
}
_ICONS: dict[NounGroup, str] = {
    "pictures": ":material/imagesmode:",
    "videos": ":material/movie:",
    "texts": ":material/notes:",
    "posts": ":material/calendar_month:",
    "influencers": ":material/face_3:",
    "models": ":material/model_training:",
    "automations": ":material/auto_mode:",
    "settings": ":material/settings:",
}
_GROUP_OF: Mapping[str, NounGroup] = {noun: group for group, nouns in NOUN_GROUPS.items() for noun in nouns}
_PAGES: Mapping[str, str] = {
    "picture": "library/gallery",
    "board": "library/boards",
    "clip": "library/videos",
    "reel": "create/reels",
    "track": "library/music",
    "text": "library/texts",
    "template": "create/prompts",
    "wildcard": "create/prompts",
    "plan": "calendar/post",
    "campaign": "calendar/calendar",
    "snippet": "calendar/calendar",
    "channel": "settings/channels",
    "influencer": "influencers/influencers",
    "voice": "influencers/influencers",
    "lexicon_entry": "create/reels",
    "consent": "settings/consents",
    "lora": "models/loras",
    "dataset": "models/datasets",
    "training": "models/training",
    "trial": "models/comparisons",
    "workflow": "models/workflows",
    "automation": "calendar/automations",
    "job": "settings/jobs",
    "workspace": "settings/workspace",
    "member": "settings/workspace",
    "invitation": "settings/workspace",
    "budget": "settings/costs",
    "api_key": "settings/api_keys",
    "webhook_endpoint": "settings/webhooks",
    "notice_target": "settings/notices",
}
"""Noun -> the page that shows it."""
_BY_ID = {"picture", "board", "reel", "plan", "influencer", "lora", "dataset", "training", "automation", "job"}
"""Nouns whose page opens one of them by its id."""


def history_list(page: Page) -> None:
    show_queued_toasts()
    group = _choose_group()
    slot = f"{_TAKEN}{group or 'all'}"
    take = st.session_state.setdefault(slot, TAKE)
    with page.transaction() as tx:
        history_page = history.page(tx, user_id=page.user.id, group=group, take=take)
    days = page.app.settings.retention.undo_days
    if not history_page.entries:
        empty_state(
            tr("Nothing here yet"),
            tr("What you change in this workspace is listed here. For {days} days you can undo most of it.", days=days),
            icon=":material/history:",
        )
        return
    st.caption(
        tr("Only your own changes. Most can be undone for {days} days, unless they were changed again since.", days=days)
    )
    for entry in history_page.entries:
        _row(page, entry)
    if history_page.next_cursor and st.button(tr("Show older ones"), key="history:older"):
        st.session_state[slot] = take + TAKE
        st.rerun()


def _choose_group() -> NounGroup | None:
    chosen = st.segmented_control(
        tr("Show"),
        ["all", *_GROUPS],
        default="all",
        format_func=lambda group: tr("Everything") if group == "all" else worded(_GROUPS[group]),
        key=_GROUP,
        required=True,
        label_visibility="collapsed",
    )
    return next((group for group in _GROUPS if group == chosen), None)


def _row(page: Page, entry: HistoryItem) -> None:
    sentence = plain(worded(entry.sentence))
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"history:{entry.id}"):
        st.markdown(_ICONS[_GROUP_OF[entry.noun]], width="content")
        with st.container(gap="xxsmall"):
            st.markdown(sentence)
            st.caption(" · ".join(part for part in (ago(entry.at), worded(entry.why_not)) if part))
        file = _PAGES.get(entry.noun)
        if file:
            by_id = {"id": entry.noun_id} if entry.noun in _BY_ID and " " not in entry.noun_id and entry.noun_id else {}
            with st.container(width="content"):
                page.link(file, tr("Open"), **by_id)
        if entry.can_undo:
            st.button(
                tr("Undo"),
                icon=":material/undo:",
                key=f"history:undo:{entry.id}",
                on_click=_undo,
                args=(page, entry.id),
            )


def _undo(page: Page, entry_id: str) -> None:
    with toast_errors():
        with page.transaction() as tx:
            role = undo.needed_role(tx, entry_id)
        with page.app.db.transaction(page.caller, needs=role) as tx:  # undone here, so no toast offers to undo that
            undo.undo(tx, entry_id)
        queue_toast(tr("Undone."), ":material/undo:")

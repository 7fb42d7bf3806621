"""The audit log: filters, entries newest first with what was there before, and the log as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import streamlit as st

from backend import accounts, audit
from backend.audit import SOURCES, AuditEntry, AuditFilters
from backend.history import NOUN_GROUPS
from backend.language import reader, tr, tr_lazy, worded
from studio.history.things import GROUP_ICONS, GROUP_LABELS, open_link
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import date_time_text, plain

TAKE = 30
_TAKEN, _EVERYTHING = "audit:take", "all"
_SOURCES: Mapping[str, str] = {
    "page": tr_lazy("In the studio"),
    "program": tr_lazy("Program, signed in"),
    "key": tr_lazy("API key"),
    "hook": tr_lazy("Address of an automation"),
    "automation": tr_lazy("Automation"),
    "command": tr_lazy("Command on the server"),
    "unknown": tr_lazy("Not recorded"),
}
_PERIODS: Mapping[int, str] = {
    1: tr_lazy("Last 24 hours"),
    7: tr_lazy("Last 7 days"),
    30: tr_lazy("Last 30 days"),
    90: tr_lazy("Last 90 days"),
    0: tr_lazy("Always"),
}
_YES = {True: tr_lazy("yes"), False: tr_lazy("no")}


def show(page: Page) -> None:
    with page.transaction(needs="owner") as tx:
        people = {card.user_id: card.name for card in accounts.members(tx)}
    filters = _choose_filters(page, people)
    slot = f"{_TAKEN}:{filters}"
    take = st.session_state.setdefault(slot, TAKE)
    with page.transaction(needs="owner") as tx:
        audit_page = audit.page(tx, filters, take=take)
        if accounts.is_operator(tx, page.app.settings, page.user.id):
            audit.note_reading(tx)
    days = page.app.settings.retention.audit_days
    if not audit_page.entries:
        empty_state(
            tr("Nothing found"),
            tr("What people and programs change in this workspace is kept here for {days} days.", days=days),
            icon=":material/policy:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(tr("Who changed what, and from where. Kept for {days} days.", days=days), width="stretch")
        for file_format in ("csv", "json"):
            address = _export_address(page, filters, file_format)
            st.link_button(file_format.upper(), address, icon=":material/download:", help=tr("All that the filters leave"))
    for entry in audit_page.entries:
        _row(page, entry)
    if audit_page.next_cursor and st.button(tr("Show older ones"), key="audit:older"):
        st.session_state[slot] = take + TAKE
        st.rerun()


def _choose_filters(page: Page, people: Mapping[str, str]) -> AuditFilters:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            tr("Search"), key="audit:text", placeholder=tr("Name, key, address …"), max_chars=80, icon=":material/search:"
        )
        user_id = st.selectbox(
            tr("Person"),
            ["", *people],
            format_func=lambda key: people[key] if key else tr("Everybody"),
            key="audit:person",
        )
        source = st.selectbox(
            tr("From where"),
            [_EVERYTHING, *SOURCES],
            format_func=lambda key: worded(_SOURCES[key]) if key in _SOURCES else tr("Everywhere"),
            key="audit:source",
        )
        group = st.selectbox(
            tr("About"),
            [_EVERYTHING, *NOUN_GROUPS],
            format_func=lambda key: tr("Everything") if key == _EVERYTHING else worded(GROUP_LABELS[key]),
            key="audit:group",
        )
        days = st.selectbox(
            tr("Period"), list(_PERIODS), index=2, format_func=lambda key: worded(_PERIODS[key]), key="audit:days"
        )
    return AuditFilters(
        user_id=user_id or "",
        source=_one_of(source, SOURCES),
        group=_one_of(group, tuple(NOUN_GROUPS)),
        noun_id=st.query_params.get("thing", ""),
        since=_days_ago(days) if days else None,
        text=(text or "").strip(),
    )


def _one_of(chosen: str | None, choices: tuple[Any, ...]) -> Any:
    return chosen if chosen in choices else None


def _days_ago(days: int) -> datetime:
    """The beginning of a day, or of an hour where it is one day, so that the filter stays the same while somebody looks."""
    now = datetime.now(ZoneInfo(reader().zone or "UTC"))
    if days == 1:
        return (now - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    return datetime.combine(now.date() - timedelta(days=days), time(), now.tzinfo)


def _export_address(page: Page, filters: AuditFilters, file_format: str) -> str:
    query = {
        "workspace": page.workspace.id,
        "format": file_format,
        "userId": filters.user_id,
        "source": filters.source or "",
        "group": filters.group or "",
        "nounId": filters.noun_id,
        "since": filters.since.isoformat() if filters.since else "",
        "q": filters.text,
    }
    return f"/api/audit/export?{urlencode({name: value for name, value in query.items() if value})}"


def _row(page: Page, entry: AuditEntry) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"audit:{entry.id}"):
        st.markdown(GROUP_ICONS.get(entry.noun, ":material/policy:"), width="content")
        with st.container(gap="xxsmall"):
            st.markdown(plain(worded(entry.sentence)))
            st.caption(" · ".join(plain(part) for part in _parts(entry) if part))
        if entry.before or entry.after or entry.user_agent:
            with st.popover(tr("Details"), icon=":material/more_horiz:", width="content"):
                _details(entry)
        open_link(page, entry.noun, entry.noun_id)


def _parts(entry: AuditEntry) -> tuple[str, ...]:
    source = worded(_SOURCES.get(entry.source, entry.source))
    key = f"{source} “{entry.api_key}”" if entry.api_key else source
    return entry.person or tr("The studio"), key, entry.address, date_time_text(entry.at)


def _details(entry: AuditEntry) -> None:
    names = list({**(entry.before or {}), **(entry.after or {})})
    if names:
        before, after = entry.before or {}, entry.after or {}
        rows = [f"| `{plain(name)}` | {_value(before.get(name))} | {_value(after.get(name))} |" for name in names]
        st.markdown("\n".join([f"| | {tr('Before')} | {tr('After')} |", "|---|---|---|", *rows]))
        if any(value == audit.HIDDEN for values in (before, after) for value in values.values()):
            st.caption(tr("… stands for texts that may be private: only that they changed is kept."))
    if entry.user_agent:
        st.caption(plain(entry.user_agent))
    st.caption(f"`{entry.kind}` · `{plain(entry.noun_id)}`")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return worded(_YES[value])
    if value is None or value == "":
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return plain(text).replace("|", "\\|").replace("\n", " ")

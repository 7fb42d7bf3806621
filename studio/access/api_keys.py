"""Parts of the page of API keys."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import streamlit as st

from backend import access
from backend.access import ApiKeyCard, ApiKeyChange, ApiKeyDraft, NewApiKey
from backend.kit.clock import now
from backend.language import tr, tr_lazy, worded
from studio.shell import session
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, date_text, plain, usd
from studio.ui.forms import submit_once

_NEW_SECRET = "_new_api_key"
_PRESETS: dict[str, tuple[tuple[str, ...], str]] = {
    "read": (("*:read",), tr_lazy("Read everything")),
    "write": (("*:write",), tr_lazy("Read everything, create and change")),
    "publish": (("*:publish",), tr_lazy("Create, change and publish")),
    "admin": (("*:admin",), tr_lazy("Everything an owner may")),
    "custom": ((), tr_lazy("Choose what it may do")),
}
"""Name -> its scopes, and its label."""
_LIFETIMES = {30: tr_lazy("30 days"), 90: tr_lazy("90 days"), 365: tr_lazy("One year"), 0: tr_lazy("No end")}
"""Days, 0: for ever."""
_VERBS = {
    "read": tr_lazy("read"),
    "write": tr_lazy("create and change"),
    "publish": tr_lazy("publish"),
    "admin": tr_lazy("manage"),
}
_NOUNS = {
    "influencers": tr_lazy("Influencers"),
    "datasets": tr_lazy("Datasets"),
    "loras": "LoRAs",
    "images": tr_lazy("Images"),
    "videos": tr_lazy("Videos"),
    "texts": tr_lazy("Texts"),
    "styles": tr_lazy("Styles"),
    "posts": tr_lazy("Posts"),
    "automations": tr_lazy("Automations"),
    "channels": tr_lazy("Channels"),
    "workflows": tr_lazy("Workflows"),
    "jobs": tr_lazy("Jobs"),
    "notices": tr_lazy("Notices"),
    "costs": tr_lazy("Costs"),
    "workspace": tr_lazy("Workspace"),
    "*": tr_lazy("Everything"),
}
_STATES = {"active": tr_lazy("valid"), "expired": tr_lazy("expired"), "revoked": tr_lazy("revoked")}
_STATE_COLORS = {"active": "green", "expired": "orange", "revoked": "gray"}


def only_for_owners() -> None:
    empty_state(tr("Owners manage API keys"), tr("Ask an owner of this workspace for a key."), icon=":material/key:")


def new_key(page: Page) -> None:
    if secret := st.session_state.get(_NEW_SECRET):
        _show_secret(secret)
    with st.expander(tr("New API key"), icon=":material/add:"):
        name = st.text_input(tr("What is it for?"), placeholder=tr("n8n on the office server"), max_chars=80, key="key:name")
        preset = st.radio(
            tr("What may it do?"),
            list(_PRESETS),
            index=1,
            format_func=lambda name: worded(_PRESETS[name][1]),
            key="key:preset",
        )
        scopes = _PRESETS[preset][0] or tuple(
            st.multiselect(tr("Scopes"), access.scopes.all_scopes(), format_func=scope_label, key="key:scopes")
        )
        days = st.segmented_control(
            tr("Works for"),
            list(_LIFETIMES),
            default=365,
            format_func=lambda days: worded(_LIFETIMES[days]),
            required=True,
            key="key:days",
        )
        jobs_per_day, usd_per_month = _quota_fields("key", None, None)
        if st.button(tr("Create key"), type="primary", icon=":material/key:"):
            draft = ApiKeyDraft(
                name=name,
                scopes=scopes,
                expires_at=now() + timedelta(days=days) if days else None,
                jobs_per_day=jobs_per_day,
                usd_per_month=usd_per_month,
            )
            # Without the end, which is counted from each click
            submitted = (draft.model_copy(update={"expires_at": None}), days)
            created = submit_once("key:new", submitted, lambda: _create(page, draft))
            st.session_state[_NEW_SECRET] = created.secret
            st.session_state.pop("key:name", None)
            st.rerun()


def key_list(page: Page) -> None:
    show_revoked = st.toggle(tr("Show revoked keys"), key="keys:revoked")
    with page.transaction(needs="owner") as tx:
        cards = access.page(tx, revoked=show_revoked)
    if not cards:
        empty_state(
            tr("No API keys yet"),
            tr("Scripts, n8n and agents send a key to use the studio. Create one above."),
            icon=":material/key:",
        )
    for card in cards:
        with st.container(border=True):
            _key(page, card)


def scope_label(scope: str) -> str:
    """“Posts: publish”."""
    noun, _, verb = scope.partition(":")
    return f"{worded(_NOUNS[noun])}: {worded(_VERBS[verb])}"


def _show_secret(secret: str) -> None:
    with st.container(border=True):
        st.success(tr("Copy the key now: it is shown only this once."), icon=":material/content_copy:")
        st.code(secret, language=None, wrap_lines=True)
        st.caption(tr("A program sends it with each request:"))
        st.code(
            f'curl -H "Authorization: Bearer {secret}" {session.origin()}/api/influencers',
            language="bash",
            wrap_lines=True,
        )
        if st.button(tr("I have copied it")):
            st.session_state.pop(_NEW_SECRET)
            st.rerun()


def _key(page: Page, card: ApiKeyCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            tr(
                "**{name}**  \n:small[`{hint}`, created {time} by {person}]",
                name=plain(card.name),
                hint=card.hint,
                time=ago(card.created_at),
                person=plain(card.created_by),
            )
        )
        st.space("stretch")
        st.badge(worded(_STATES[card.state]), color=_STATE_COLORS[card.state])  # type: ignore[arg-type]
    st.caption(" · ".join((_may(card), _used(card), _ends(card), *_quotas(card))))
    if card.state == "revoked":
        return
    with st.container(horizontal=True):
        with st.popover(tr("Change"), icon=":material/edit:", key=f"change:{card.id}"):
            _change_form(page, card)
        if st.button(tr("Revoke"), icon=":material/block:", key=f"revoke:{card.id}"):
            confirm(
                tr("Revoke {name}?", name=plain(card.name)),
                tr("Programs that send it are refused from their next request on. This cannot be undone."),
                action=tr("Revoke"),
                act=lambda: _revoke(page, card.id),
            )


def _change_form(page: Page, card: ApiKeyCard) -> None:
    name = st.text_input(tr("Name"), value=card.name, max_chars=80, key=f"name:{card.id}")
    jobs_per_day, usd_per_month = _quota_fields(card.id, card.jobs_per_day, card.usd_per_month)
    st.caption(tr("What it may do stays as it is. For more, create another key."))
    if st.button(tr("Save"), type="primary", key=f"save:{card.id}"):
        draft = ApiKeyChange(name=name, jobs_per_day=jobs_per_day, usd_per_month=usd_per_month)
        with page.transaction(needs="owner") as tx:
            access.change(tx, card.id, draft)
        st.toast(tr("Saved."), icon=":material/check:")
        st.rerun()


def _quota_fields(key: str, jobs_per_day: int | None, usd_per_month: Decimal | None) -> tuple[int | None, Decimal | None]:
    left, right = st.columns(2)
    jobs = left.number_input(
        tr("Jobs a day"),
        min_value=0,
        value=jobs_per_day,
        placeholder=tr("no limit"),
        key=f"{key}:jobs",
        help=tr("From midnight UTC."),
    )
    dollars = right.number_input(
        tr("Dollars a month"),
        min_value=0.0,
        value=float(usd_per_month) if usd_per_month is not None else None,
        placeholder=tr("no limit of its own"),
        key=f"{key}:usd",
        help=tr("What its jobs may spend on language models. The workspace's budget counts too."),
    )
    return (None if jobs is None else int(jobs)), (None if dollars is None else Decimal(str(dollars)))


def _create(page: Page, draft: ApiKeyDraft) -> NewApiKey:
    with page.transaction(needs="owner") as tx:
        return access.create(tx, draft)


def _revoke(page: Page, api_key_id: str) -> None:
    with page.transaction(needs="owner") as tx:
        access.revoke(tx, api_key_id)


def _may(card: ApiKeyCard) -> str:
    preset = next((label for scopes, label in _PRESETS.values() if scopes == card.scopes), "")
    return worded(preset) or ", ".join(map(scope_label, card.scopes))


def _used(card: ApiKeyCard) -> str:
    return tr("last used {time}", time=ago(card.last_used_at)) if card.last_used_at else tr("never used")


def _ends(card: ApiKeyCard) -> str:
    if card.revoked_at:
        return tr("revoked {time}", time=ago(card.revoked_at))
    if card.expires_at is None:
        return tr("never expires")
    day = date_text(card.expires_at)
    return tr("expired {day}", day=day) if card.state == "expired" else tr("until {day}", day=day)


def _quotas(card: ApiKeyCard) -> list[str]:
    parts = []
    if card.jobs_per_day is not None:
        parts.append(tr("{n:,} of {most:,} jobs today", n=card.jobs_today, most=card.jobs_per_day))
    if card.usd_per_month is not None:
        parts.append(
            tr(
                "{cost} of {limit} this month",
                cost=plain(usd(card.usd_this_month)),
                limit=plain(usd(card.usd_per_month)),
            )
        )
    return parts

"""Parts of the page of API keys."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import streamlit as st

from backend import access
from backend.access import ApiKeyCard, ApiKeyChange, ApiKeyDraft
from backend.kit.clock import now
from studio.shell import session
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain

_NEW_SECRET = "_new_api_key"
_CUSTOM = "Choose what it may do"
_PRESETS = {
    "Look: read everything": ("*:read",),
    "Make: read everything, create and change": ("*:write",),
    "Make and publish": ("*:publish",),
    "Everything an owner may": ("*:admin",),
    _CUSTOM: (),
}
_DAYS = {"30 days": 30, "90 days": 90, "One year": 365, "Never": None}
_VERBS = {"read": "look at", "write": "create and change", "publish": "publish", "admin": "manage"}
_STATE_COLORS = {"active": "green", "expired": "orange", "revoked": "gray"}


def only_for_owners() -> None:
    empty_state("Owners manage API keys", "Ask an owner of this workspace for a key.", icon=":material/key:")


def new_key(page: Page) -> None:
    if secret := st.session_state.get(_NEW_SECRET):
        _show_secret(secret)
    with st.expander("New API key", icon=":material/add:"):
        name = st.text_input("What is it for?", placeholder="n8n on the office server", max_chars=80, key="key:name")
        preset = st.radio("What may it do?", list(_PRESETS), index=1, key="key:preset")
        scopes = _PRESETS[preset] or tuple(
            st.multiselect("Scopes", access.scopes.all_scopes(), format_func=scope_label, key="key:scopes")
        )
        lifetime = st.segmented_control("Works for", list(_DAYS), default="One year", required=True, key="key:days")
        jobs_per_day, usd_per_month = _quota_fields("key", None, None)
        if st.button("Make the key", type="primary", icon=":material/key:"):
            days = _DAYS[lifetime or "One year"]
            draft = ApiKeyDraft(
                name=name,
                scopes=scopes,
                expires_at=now() + timedelta(days=days) if days else None,
                jobs_per_day=jobs_per_day,
                usd_per_month=usd_per_month,
            )
            with page.transaction(needs="owner") as tx:
                created = access.create(tx, draft)
            st.session_state[_NEW_SECRET] = created.secret
            st.session_state.pop("key:name", None)
            st.rerun()


def key_list(page: Page) -> None:
    show_revoked = st.toggle("Show revoked keys", key="keys:revoked")
    with page.transaction(needs="owner") as tx:
        cards = access.page(tx, revoked=show_revoked)
    if not cards:
        empty_state(
            "No API keys yet",
            "Scripts, n8n and agents send a key to use the studio. Make one above.",
            icon=":material/key:",
        )
    for card in cards:
        with st.container(border=True):
            _key(page, card)


def scope_label(scope: str) -> str:
    """“Posts: publish”."""
    noun, _, verb = scope.partition(":")
    return f"{'Everything' if noun == '*' else noun.capitalize()}: {_VERBS[verb]}"


def _show_secret(secret: str) -> None:
    with st.container(border=True):
        st.success("Copy the key now: it is shown only this once.", icon=":material/content_copy:")
        st.code(secret, language=None, wrap_lines=True)
        st.caption("A program sends it with each request:")
        st.code(
            f'curl -H "Authorization: Bearer {secret}" {session.origin()}/api/influencers', language="bash", wrap_lines=True
        )
        if st.button("I have copied it"):
            st.session_state.pop(_NEW_SECRET)
            st.rerun()


def _key(page: Page, card: ApiKeyCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(card.name)}**  \n:small[`{card.hint}`, made {ago(card.created_at)} by {plain(card.created_by)}]")
        st.space("stretch")
        st.badge(card.state, color=_STATE_COLORS[card.state])  # type: ignore[arg-type]
    st.caption(" · ".join((_may(card), _used(card), _ends(card), *_quotas(card))))
    if card.state == "revoked":
        return
    with st.container(horizontal=True):
        with st.popover("Change", icon=":material/edit:", key=f"change:{card.id}"):
            _change_form(page, card)
        if st.button("Revoke", icon=":material/block:", key=f"revoke:{card.id}"):
            confirm(
                f"Revoke {plain(card.name)}?",
                "Programs that send it are refused from their next request on. This cannot be undone.",
                action="Revoke",
                act=lambda: _revoke(page, card.id),
            )


def _change_form(page: Page, card: ApiKeyCard) -> None:
    name = st.text_input("Name", value=card.name, max_chars=80, key=f"name:{card.id}")
    jobs_per_day, usd_per_month = _quota_fields(card.id, card.jobs_per_day, card.usd_per_month)
    st.caption("What it may do stays as it is. For more, make another key.")
    if st.button("Save", type="primary", key=f"save:{card.id}"):
        draft = ApiKeyChange(name=name, jobs_per_day=jobs_per_day, usd_per_month=usd_per_month)
        with page.transaction(needs="owner") as tx:
            access.change(tx, card.id, draft)
        st.toast("Saved.", icon=":material/check:")
        st.rerun()


def _quota_fields(key: str, jobs_per_day: int | None, usd_per_month: Decimal | None) -> tuple[int | None, Decimal | None]:
    left, right = st.columns(2)
    jobs = left.number_input(
        "Jobs a day", min_value=0, value=jobs_per_day, placeholder="no limit", key=f"{key}:jobs", help="From midnight UTC."
    )
    usd = right.number_input(
        "Dollars a month",
        min_value=0.0,
        value=float(usd_per_month) if usd_per_month is not None else None,
        placeholder="no limit of its own",
        key=f"{key}:usd",
        help="What its jobs may spend on language models. The workspace's budget counts too.",
    )
    return (None if jobs is None else int(jobs)), (None if usd is None else Decimal(str(usd)))


def _revoke(page: Page, api_key_id: str) -> None:
    with page.transaction(needs="owner") as tx:
        access.revoke(tx, api_key_id)


def _may(card: ApiKeyCard) -> str:
    preset = next((label for label, scopes in _PRESETS.items() if scopes == card.scopes), "")
    return preset or ", ".join(map(scope_label, card.scopes))


def _used(card: ApiKeyCard) -> str:
    return f"used {ago(card.last_used_at)}" if card.last_used_at else "never used"


def _ends(card: ApiKeyCard) -> str:
    if card.revoked_at:
        return f"revoked {ago(card.revoked_at)}"
    if card.expires_at is None:
        return "never expires"
    return f"{'expired' if card.state == 'expired' else 'until'} {card.expires_at:%-d %b %Y}"


def _quotas(card: ApiKeyCard) -> list[str]:
    parts = []
    if card.jobs_per_day is not None:
        parts.append(f"{card.jobs_today} of {card.jobs_per_day} jobs today")
    if card.usd_per_month is not None:
        parts.append(f"${card.usd_this_month:.2f} of ${card.usd_per_month:.2f} this month")
    return parts

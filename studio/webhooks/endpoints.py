"""The endpoints of a workspace: make, change, switch off, delete."""

from __future__ import annotations

import base64

import streamlit as st

from backend import webhooks
from backend.language import tr, tr_lazy, worded
from backend.webhooks import EndpointCard, EndpointChange, EndpointDraft, NewEndpoint
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain
from studio.ui.forms import submit_once
from studio.webhooks.catalogue import event_filter, event_label

_NEW_SECRET = "_new_webhook_secret"
_STATES = {
    "active": ("green", tr_lazy("active")),
    "failing": ("orange", tr_lazy("failing")),
    "paused": ("gray", tr_lazy("paused")),
    "disabled": ("red", tr_lazy("disabled")),
}


def only_for_owners() -> None:
    empty_state(tr("Owners manage webhooks"), tr("Ask an owner of this workspace."), icon=":material/webhook:")


def new_endpoint(page: Page) -> None:
    if secret := st.session_state.get(_NEW_SECRET):
        _show_secret(secret)
    with st.expander(tr("New webhook"), icon=":material/add:"):
        name = st.text_input(tr("Name"), placeholder="n8n", max_chars=80, key="hook:name")
        url = st.text_input(tr("Address"), placeholder="https://n8n.example.com/webhook/studio", max_chars=2000, key="hook:url")
        event_types = event_filter("hook", ())
        clicked = st.button(tr("Create webhook"), type="primary", icon=":material/webhook:", disabled=event_types is None)
        if clicked and event_types is not None:
            draft = EndpointDraft(name=name, url=url, event_types=event_types)
            remember_secret(submit_once("hook:new", draft, lambda: _create(page, draft)))
            for key in ("hook:name", "hook:url"):
                st.session_state.pop(key, None)
            st.rerun()


def endpoint_list(page: Page) -> None:
    with page.transaction(needs="owner") as tx:
        cards = webhooks.endpoints(tx)
    if not cards:
        empty_state(
            tr("No webhooks yet"),
            tr("Tell n8n and other programs when a post is published, a job is done or a budget is nearly spent."),
            icon=":material/webhook:",
        )
    for card in cards:
        with st.container(border=True):
            _endpoint(page, card)


def remember_secret(created: NewEndpoint) -> None:
    st.session_state[_NEW_SECRET] = created.secret


def show_new_secret() -> None:
    if secret := st.session_state.get(_NEW_SECRET):
        _show_secret(secret)


def state_badge(card: EndpointCard) -> None:
    state = "failing" if card.state == "active" and card.failing_since else card.state
    color, label = _STATES[state]
    st.badge(worded(label), color=color)  # type: ignore[arg-type]


def trouble(card: EndpointCard) -> None:
    """Why it is switched off, or since when it fails."""
    if card.state == "disabled":
        st.warning(tr("Switched off: {reason}", reason=plain(worded(card.disabled_reason))), icon=":material/power_off:")
    elif card.state == "active" and card.failing_since:
        st.caption(tr(":orange[Failing since {time}. It is tried again automatically.]", time=ago(card.failing_since)))


def _show_secret(secret: str) -> None:
    with st.container(border=True):
        st.success(tr("Copy the secret now: it is shown only this once."), icon=":material/content_copy:")
        st.code(secret, language=None, wrap_lines=True)
        st.caption(tr("In the Crypto node of n8n, enter this text instead:"))
        st.code(base64.b64decode(secret.removeprefix("whsec_")).decode(), language=None, wrap_lines=True)
        if st.button(tr("I have copied it")):
            st.session_state.pop(_NEW_SECRET)
            st.rerun()


def _endpoint(page: Page, card: EndpointCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(card.name)}**  \n:small[{plain(card.url)}]")
        st.space("stretch")
        state_badge(card)
    st.caption(tr("Events: {events}", events=", ".join(map(event_label, card.event_types)) or tr("all")))
    trouble(card)
    with st.container(horizontal=True):
        if st.button(tr("Deliveries"), icon=":material/list_alt:", key=f"log:{card.id}"):
            page.go("settings/webhooks", id=card.id)
        with st.popover(tr("Change"), icon=":material/edit:", key=f"change:{card.id}"):
            _change_form(page, card)
        switch = (tr("Pause"), ":material/pause:") if card.state == "active" else (tr("Switch on"), ":material/play_arrow:")
        # With the state in the key, an old page's “Pause” is not taken for “Switch on”
        if st.button(switch[0], icon=switch[1], key=f"switch:{card.id}:{card.state}"):
            _save(page, card.id, EndpointChange(active=card.state != "active"))
            st.rerun()
        if st.button(tr("Delete"), icon=":material/delete:", key=f"delete:{card.id}"):
            confirm(
                tr("Delete “{name}”?", name=plain(card.name)),
                tr("It gets no more events. Its deliveries are deleted too. This cannot be undone."),
                action=tr("Delete"),
                act=lambda: _delete(page, card.id),
            )


def _change_form(page: Page, card: EndpointCard) -> None:
    name = st.text_input(tr("Name"), value=card.name, max_chars=80, key=f"name:{card.id}")
    url = st.text_input(tr("Address"), value=card.url, max_chars=2000, key=f"url:{card.id}")
    event_types = event_filter(card.id, card.event_types)
    clicked = st.button(tr("Save"), type="primary", key=f"save:{card.id}", disabled=event_types is None)
    if clicked and event_types is not None:
        _save(page, card.id, EndpointChange(name=name, url=url, event_types=event_types))
        st.toast(tr("Saved."), icon=":material/check:")
        st.rerun()


def _create(page: Page, draft: EndpointDraft) -> NewEndpoint:
    with page.transaction(needs="owner") as tx:
        return webhooks.create_endpoint(page.app.settings, tx, draft)


def _save(page: Page, endpoint_id: str, draft: EndpointChange) -> None:
    with page.transaction(needs="owner") as tx:
        webhooks.change_endpoint(page.app.settings, tx, endpoint_id, draft)


def _delete(page: Page, endpoint_id: str) -> None:
    with page.transaction(needs="owner") as tx:
        webhooks.delete_endpoint(tx, endpoint_id)

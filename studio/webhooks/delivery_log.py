"""One endpoint: a test, a new secret, what was missed; and what was sent to it, with every answer."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from backend import webhooks
from backend.kit.clock import now
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.webhooks import DeliveryCard, EndpointCard, MessageCard
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import ago, date_time_text, plain
from studio.ui.forms import submit_once
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors
from studio.webhooks.endpoints import remember_secret, show_new_secret, state_badge, trouble

PAGE_SIZE = 25
_FILTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "all": (tr_lazy("All"), ()),
    "waiting": (tr_lazy("Waiting"), ("pending",)),
    "delivered": (tr_lazy("Delivered"), ("delivered",)),
    "failed": (tr_lazy("Given up"), ("failed",)),
}
_PERIODS = {
    1: tr_lazy("the last hour"),
    24: tr_lazy("the last day"),
    168: tr_lazy("the last week"),
    719: tr_lazy("the last 30 days"),
}
"""Hours -> label."""
_STATE_COLORS = {"pending": "blue", "waiting": "blue", "delivered": "green", "failed": "red"}
_STATE_LABELS = {"pending": tr_lazy("waiting"), "delivered": tr_lazy("delivered"), "failed": tr_lazy("given up")}


def show(page: Page, endpoint_id: str) -> None:
    show_queued_toasts()
    with page.transaction(needs="owner") as tx:
        card = webhooks.get_endpoint(tx, endpoint_id)
    if st.button(tr("All webhooks"), icon=":material/arrow_back:", type="tertiary"):
        page.go("settings/webhooks")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(card.name)}**  \n:small[{plain(card.url)}]")
        st.space("stretch")
        state_badge(card)
    trouble(card)
    show_new_secret()
    if card.old_secret_until:
        until = date_time_text(card.old_secret_until)
        st.caption(tr("Messages are signed with the old secret too, until {time}.", time=until))
    with st.container(horizontal=True):
        _test_form(page, card)
        _recover_form(page, card)
        if st.button(tr("New secret"), icon=":material/key:"):
            confirm(
                tr("Create a new secret?"),
                tr("The old one keeps working for 24 hours, so you have time to change the other program."),
                action=tr("Create new secret"),
                act=lambda: _rotate(page, card.id),
            )
    _messages(page, card)


def _test_form(page: Page, card: EndpointCard) -> None:
    with st.popover(tr("Send a test"), icon=":material/send:", disabled=card.state != "active"):
        name = st.selectbox(tr("Sample of"), ["", *webhooks.EVENT_TYPES], format_func=lambda kind: kind or "webhook.test")
        if st.button(tr("Send"), type="primary", key="test:send"):
            submit_once("hook:test", (card.id, name), lambda: _send_test(page, card.id, name))
            st.toast(tr("On its way."), icon=":material/send:")
            st.rerun()


def _recover_form(page: Page, card: EndpointCard) -> None:
    with st.popover(tr("Send what was missed"), icon=":material/history:", disabled=card.state != "active"):
        hours = st.selectbox(tr("Period"), list(_PERIODS), format_func=lambda hours: worded(_PERIODS[hours]))
        st.caption(tr("Sends what was given up and what happened while it was off. What was delivered is not sent again."))
        if st.button(tr("Send"), type="primary", key="recover:send"):
            submit_once("hook:recover", (card.id, hours), lambda: _recover(page, card.id, hours))
            st.toast(tr("On its way."), icon=":material/history:")
            st.rerun()


def _send_test(page: Page, endpoint_id: str, event_type: str) -> None:
    with page.transaction(needs="owner") as tx:
        webhooks.send_test(tx, endpoint_id, event_type)


def _recover(page: Page, endpoint_id: str, hours: int) -> None:
    with page.transaction(needs="owner") as tx:
        webhooks.recover(tx, endpoint_id, now() - timedelta(hours=hours))


def _rotate(page: Page, endpoint_id: str) -> None:
    with page.transaction(needs="owner") as tx:
        remember_secret(webhooks.rotate_secret(page.app.settings, tx, endpoint_id))


def _messages(page: Page, card: EndpointCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        filter_name = st.segmented_control(
            tr("Show"),
            list(_FILTERS),
            default="all",
            format_func=lambda name: worded(_FILTERS[name][0]),
            required=True,
            label_visibility="collapsed",
        )
        if st.button(tr("Refresh"), icon=":material/refresh:", type="tertiary"):
            st.rerun()
    take = st.session_state.setdefault("webhooks:take", PAGE_SIZE)
    with page.transaction(needs="owner") as tx:
        message_page = webhooks.page(
            page.app.settings, tx, states=_FILTERS[filter_name or "all"][1], endpoint_id=card.id, take=take
        )
    if not message_page.cards:
        st.caption(tr("Nothing here yet. New events show up here."))
    for message in message_page.cards:
        _message(page, message)
    if message_page.next_cursor and st.button(tr("Show older ones")):
        st.session_state["webhooks:take"] = take + PAGE_SIZE
        st.rerun()


def _message(page: Page, message: MessageCard) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(gap="xxsmall"):
                st.markdown(f"**{plain(message.kind)}**")
                st.caption(_summary(message))
            st.space("stretch")
            st.badge(worded(_STATE_LABELS[message.state]), color=_STATE_COLORS[message.state])  # type: ignore[arg-type]
            if message.state in ("delivered", "failed"):
                st.button(tr("Send again"), key=f"resend:{message.id}", on_click=_replay, args=(page, message.id))
        if st.toggle(tr("Details"), key=f"open:{message.id}"):
            _details(page, message)


def _summary(message: MessageCard) -> str:
    parts = [ago(message.created_at), tr_plural("{n:,} try", "{n:,} tries", message.attempts)]
    if message.last_status:
        parts.append(tr("answered {status}", status=message.last_status))
    elif message.last_error:
        parts.append(plain(worded(message.last_error)))
    if message.state == "pending" and message.attempts:
        parts.append(tr("next try {time}", time=date_time_text(message.next_at)))
    if message.event_position is not None:
        parts.append(tr("position {n}", n=message.event_position))
    return " · ".join(parts)


def _details(page: Page, message: MessageCard) -> None:
    with page.transaction(needs="owner") as tx:
        tries = webhooks.attempts(page.app.settings, tx, message.id)
    st.caption(f"webhook-id `{message.id}`")
    st.code(message.body, language="json", wrap_lines=True)
    for attempt in tries:
        st.markdown(_attempt_line(attempt))
        if attempt.answer:
            st.code(attempt.answer, language=None, wrap_lines=True)


def _attempt_line(attempt: DeliveryCard) -> str:
    answered = f"**{attempt.status}**" if attempt.status else plain(worded(attempt.error))
    at = ago(attempt.created_at)
    if attempt.latency_ms is None:
        return tr("Try {n}, {time}: {answer}", n=attempt.number, time=at, answer=answered)
    return tr("Try {n}, {time}: {answer} in {ms} ms", n=attempt.number, time=at, answer=answered, ms=attempt.latency_ms)


def _replay(page: Page, message_id: str) -> None:
    with toast_errors():
        submit_once("hook:replay", message_id, lambda: _send_again(page, message_id))
        queue_toast(tr("Sent again."), ":material/replay:")


def _send_again(page: Page, message_id: str) -> None:
    with page.transaction(needs="editor") as tx:
        webhooks.replay(page.app.settings, tx, message_id)

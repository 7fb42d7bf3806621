"""One endpoint: a test, a new secret, what was missed; and what was sent to it, with every answer."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from backend import webhooks
from backend.kit.clock import now
from backend.webhooks import DeliveryCard, EndpointCard, MessageCard
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import ago, plain
from studio.webhooks.endpoints import remember_secret, show_new_secret, state_badge, trouble

PAGE_SIZE = 25
_FILTERS: dict[str, tuple[str, ...]] = {
    "All": (),
    "Waiting": ("pending",),
    "Delivered": ("delivered",),
    "Given up": ("failed",),
}
_PERIODS = {"the last hour": 1, "the last day": 24, "the last week": 168, "the last 30 days": 719}
_STATE_COLORS = {"pending": "blue", "waiting": "blue", "delivered": "green", "failed": "red"}
_STATE_LABELS = {"pending": "waiting", "failed": "given up"}


def show(page: Page, endpoint_id: str) -> None:
    with page.transaction(needs="owner") as tx:
        card = webhooks.get_endpoint(tx, endpoint_id)
    if st.button("All webhooks", icon=":material/arrow_back:", type="tertiary"):
        page.go("settings/webhooks")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(card.name)}**  \n:small[{plain(card.url)}]")
        st.space("stretch")
        state_badge(card)
    trouble(card)
    show_new_secret()
    if card.old_secret_until:
        st.caption(f"Messages are signed with the old secret too, until {card.old_secret_until:%-d %b, %H:%M} UTC.")
    with st.container(horizontal=True):
        _test_form(page, card)
        _recover_form(page, card)
        if st.button("New secret", icon=":material/key:"):
            confirm(
                "Make a new secret?",
                "The old one signs for 24 hours more, so you can change the other program in peace.",
                action="Make it",
                act=lambda: _rotate(page, card.id),
            )
    _messages(page, card)


def _test_form(page: Page, card: EndpointCard) -> None:
    with st.popover("Send a test", icon=":material/send:", disabled=card.state != "active"):
        name = st.selectbox("Sample of", ["", *webhooks.EVENT_TYPES], format_func=lambda kind: kind or "webhook.test")
        if st.button("Send", type="primary", key="test:send"):
            with page.transaction(needs="owner") as tx:
                webhooks.send_test(tx, card.id, name)
            st.toast("It is on its way.", icon=":material/send:")
            st.rerun()


def _recover_form(page: Page, card: EndpointCard) -> None:
    with st.popover("Send what was missed", icon=":material/history:", disabled=card.state != "active"):
        period = st.selectbox("In", list(_PERIODS))
        st.caption("Sends what was given up, and what happened while it was off. What was delivered is not sent again.")
        if st.button("Send", type="primary", key="recover:send"):
            with page.transaction(needs="owner") as tx:
                webhooks.recover(tx, card.id, now() - timedelta(hours=_PERIODS[period]))
            st.toast("It is on its way.", icon=":material/history:")
            st.rerun()


def _rotate(page: Page, endpoint_id: str) -> None:
    with page.transaction(needs="owner") as tx:
        remember_secret(webhooks.rotate_secret(page.app.settings, tx, endpoint_id))


def _messages(page: Page, card: EndpointCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        filter_name = st.segmented_control("Show", list(_FILTERS), default="All", required=True, label_visibility="collapsed")
        if st.button("Refresh", icon=":material/refresh:", type="tertiary"):
            st.rerun()
    take = st.session_state.setdefault("webhooks:take", PAGE_SIZE)
    with page.transaction(needs="owner") as tx:
        message_page = webhooks.page(
            page.app.settings, tx, states=_FILTERS[filter_name or "All"], endpoint_id=card.id, take=take
        )
    if not message_page.cards:
        st.caption("Nothing here. What happens from now on shows up.")
    for message in message_page.cards:
        _message(page, message)
    if message_page.next_cursor and st.button("Show older ones"):
        st.session_state["webhooks:take"] = take + PAGE_SIZE
        st.rerun()


def _message(page: Page, message: MessageCard) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(gap="xxsmall"):
                st.markdown(f"**{plain(message.kind)}**")
                st.caption(_summary(message))
            st.space("stretch")
            st.badge(_STATE_LABELS.get(message.state, message.state), color=_STATE_COLORS[message.state])  # type: ignore[arg-type]
            if message.state in ("delivered", "failed"):
                st.button("Send again", key=f"resend:{message.id}", on_click=_replay, args=(page, message.id))
        if st.toggle("Details", key=f"open:{message.id}"):
            _details(page, message)


def _summary(message: MessageCard) -> str:
    parts = [ago(message.created_at), f"{message.attempts} {'try' if message.attempts == 1 else 'tries'}"]
    if message.last_status:
        parts.append(f"answered {message.last_status}")
    elif message.last_error:
        parts.append(plain(message.last_error))
    if message.state == "pending" and message.attempts:
        parts.append(f"next try {message.next_at:%-d %b, %H:%M} UTC")
    if message.event_position is not None:
        parts.append(f"position {message.event_position}")
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
    answered = f"**{attempt.status}**" if attempt.status else plain(attempt.error)
    latency = f" in {attempt.latency_ms} ms" if attempt.latency_ms is not None else ""
    return f"Try {attempt.number}, {ago(attempt.created_at)}: {answered}{latency}"


def _replay(page: Page, message_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        webhooks.replay(page.app.settings, tx, message_id)
        st.toast("It is sent again.", icon=":material/replay:")

"""Parts of the page of notices. All of it is the person's own; each part is saved by its button."""

from __future__ import annotations

from datetime import time
from typing import Any

import streamlit as st

from backend import influencers, notices
from backend.language import tr, tr_lazy, worded
from backend.notices import EmailChoice, HourSettings, NewTarget, Preference, PreferenceCard, TargetCard
from studio.shell.frame import Page
from studio.ui.format import ago, plain
from studio.ui.forms import submit_once

_WAYS = {"in_app": tr_lazy("Inbox"), "webhook": tr_lazy("Webhook"), "apprise": tr_lazy("Chat & push")}
_EMAIL_CHOICES: dict[EmailChoice, str] = {
    "off": tr_lazy("E-mail: off"),
    "now": tr_lazy("E-mail: at once"),
    "daily": tr_lazy("E-mail: daily digest"),
    "weekly": tr_lazy("E-mail: weekly digest"),
}
_WEEKDAYS = (
    tr_lazy("Monday"),
    tr_lazy("Tuesday"),
    tr_lazy("Wednesday"),
    tr_lazy("Thursday"),
    tr_lazy("Friday"),
    tr_lazy("Saturday"),
    tr_lazy("Sunday"),
)
_NEW_TARGET = "_new_notice_target"


def show_email(page: Page) -> None:
    """Where e-mails go, and whether they arrive."""
    st.header(tr("E-mail"))
    if not page.app.settings.notices.sends_email:
        st.info(
            tr("No mail server is set, so nothing is mailed. Whoever runs the studio sets SMTP_URL."),
            icon=":material/mail_off:",
        )
        return
    with page.transaction() as tx:
        hours = notices.hour_settings(tx, page.app.settings)
    if hours.refused_email and hours.refused_email == page.user.email:
        st.warning(
            tr(
                "The mail server refused {address}: {reason} Nothing is mailed there until a test "
                "arrives, or you change the address in your profile.",
                address=plain(hours.refused_email),
                reason=plain(worded(hours.refusal)),
            ),
            icon=":material/mark_email_unread:",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(tr("E-mails go to **{email}**.", email=plain(page.user.email)))
        if st.button(tr("Send a test"), icon=":material/send:", key="notices:test-email"):
            notices.send_test_email(page.app, page.caller)
            st.toast(tr("Sent."), icon=":material/check:")


def show_hours(page: Page) -> None:
    with page.transaction() as tx:
        hours = notices.hour_settings(tx, page.app.settings)
    st.header(tr("Hours"))
    is_new = hours == HourSettings()
    proposed = [*_browser_zone(), hours.zone] if is_new else [hours.zone, *_browser_zone()]
    zones = list(dict.fromkeys([*proposed, *influencers.time_zones()]))
    with st.form("notices:hours"):
        zone = st.selectbox(tr("Time zone"), zones, key="notices:zone")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            is_quiet = st.checkbox(tr("Quiet hours"), bool(hours.quiet_from), key="notices:quiet", width=160)
            quiet_from = st.time_input(
                tr("Quiet from"), _time(hours.quiet_from or "22:00"), step=900, key="notices:from", width=130
            )
            quiet_to = st.time_input(tr("Quiet until"), _time(hours.quiet_to or "07:00"), step=900, key="notices:to", width=130)
        with st.container(horizontal=True):
            digest_at = st.time_input(tr("Digests at"), _time(hours.digest_at), step=900, key="notices:digest", width=130)
            weekday = st.selectbox(
                tr("Weekly ones on"),
                range(7),
                hours.digest_weekday,
                format_func=lambda day: worded(_WEEKDAYS[day]),
                key="notices:weekday",
                width=160,
            )
        st.caption(tr("In quiet hours messages wait until they end; the inbox shows everything at once."))
        if st.form_submit_button(tr("Save hours"), type="primary"):
            changed = HourSettings(
                zone=zone,
                quiet_from=f"{quiet_from:%H:%M}" if is_quiet else "",
                quiet_to=f"{quiet_to:%H:%M}" if is_quiet else "",
                digest_at=f"{digest_at:%H:%M}",
                digest_weekday=weekday,
            )
            with page.transaction() as tx:
                notices.set_hours(tx, page.app.settings, changed)
            st.toast(tr("Saved."), icon=":material/check:")


def show_preferences(page: Page) -> None:
    with page.transaction() as tx:
        cards = notices.preferences(tx, page.app.settings)
        has_targets = bool(notices.targets(tx))
    st.header(tr("What you are told"))
    if not has_targets:
        st.caption(tr("Webhook, chat and push go to the addresses that you add below. There are none yet."))
    with st.form("notices:kinds"):
        chosen = {card.kind: _preference_fields(card) for card in cards}
        if st.form_submit_button(tr("Save choices"), type="primary"):
            with page.transaction() as tx:
                notices.set_preferences(tx, page.app.settings, chosen)
            st.toast(tr("Saved."), icon=":material/check:")


def _preference_fields(card: PreferenceCard) -> Preference:
    current = card.preference
    with st.container(horizontal=True, vertical_alignment="center", key=f"notices-kind-{card.kind.replace('.', '-')}"):
        label = worded(card.label)
        st.markdown(f"**{label}**", width=290)
        email = st.selectbox(
            tr("E-mail: {label}", label=label),
            list(_EMAIL_CHOICES),
            list(_EMAIL_CHOICES).index(current.email),
            format_func=lambda choice: worded(_EMAIL_CHOICES[choice]),
            label_visibility="collapsed",
            key=f"notices:email:{card.kind}",
            width=190,
        )
        ways: list[str] = st.pills(
            tr("Sent by: {label}", label=label),
            list(_WAYS),
            selection_mode="multi",
            default=[way for way in _WAYS if getattr(current, way)],
            format_func=lambda way: worded(_WAYS[way]),
            label_visibility="collapsed",
            key=f"notices:ways:{card.kind}",
        )
    flags: dict[str, Any] = {way: way in ways for way in _WAYS}
    return Preference(email=email, **flags)


def show_targets(page: Page) -> None:
    st.header(tr("Other addresses"))
    services = ", ".join(dict.fromkeys(notices.SERVICES.values()))
    st.caption(
        tr(
            "A program of yours (https://…), or {services}: tgram://token/chat, slack://a/b/c, "
            "discord://id/token, ntfys://ntfy.sh/topic. Addresses are stored encrypted and are not shown "
            "again.",
            services=services,
        )
    )
    _show_secret()
    with page.transaction() as tx:
        cards = notices.targets(tx)
    for card in cards:
        with page.guard():
            _target(page, card)
    with (
        st.form("notices:target", clear_on_submit=True, border=False),
        page.guard(),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        url = st.text_input(tr("Address"), max_chars=1000, placeholder="ntfys://ntfy.sh/my-studio", key="notices:url")
        if st.form_submit_button(tr("Add"), icon=":material/add:") and url:
            st.session_state[_NEW_TARGET] = submit_once("notices:target", url, lambda: _add_target(page, url))
            st.rerun()


def _add_target(page: Page, url: str) -> NewTarget:
    with page.transaction() as tx:
        return notices.add_target(tx, page.app.settings, url)


def _show_secret() -> None:
    new_target: NewTarget | None = st.session_state.get(_NEW_TARGET)
    if new_target is None or not new_target.secret:
        return
    with st.container(border=True):
        st.success(tr("Copy the secret now: it is shown only this once."), icon=":material/content_copy:")
        st.code(new_target.secret, language=None, wrap_lines=True)
        st.caption(tr("It signs what goes to this address, as Standard Webhooks say."))
        if st.button(tr("I have copied it"), key="notices:copied"):
            st.session_state.pop(_NEW_TARGET)
            st.rerun()


def _target(page: Page, card: TargetCard) -> None:
    state = tr("never used")
    if card.last_error:
        state = f":red[{plain(worded(card.last_error))}]"
    elif card.last_sent_at:
        state = tr("last sent {time}", time=ago(card.last_sent_at))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(worded(card.label))}**  \n:small[{state}]")
        st.space("stretch")
        if st.button(tr("Send a test"), icon=":material/send:", key=f"notices:test:{card.id}"):
            tested = notices.send_test(page.app, page.caller, card.id)
            if tested.last_error:
                st.error(plain(worded(tested.last_error)), icon=":material/error:")
            else:
                st.toast(tr("Sent."), icon=":material/check:")
        if st.button(tr("Remove"), icon=":material/delete:", key=f"notices:remove:{card.id}"):
            with page.transaction() as tx:
                notices.remove_target(tx, card.id)
            st.rerun()


def _browser_zone() -> list[str]:
    zone = st.context.timezone
    return [zone] if isinstance(zone, str) and zone in influencers.time_zones() else []


def _time(value: str) -> time:
    return time.fromisoformat(value)

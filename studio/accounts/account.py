"""Parts of the account page."""

from __future__ import annotations

from urllib.parse import urlsplit

import segno
import streamlit as st
from pydantic import SecretStr

from backend import accounts
from backend.language import tr, tr_plural
from studio.accounts.avatar import avatar_picker
from studio.shell import session
from studio.shell.frame import Page
from studio.ui.design import tokens
from studio.ui.format import ago, avatar_url, date_text, esc, plain
from studio.ui.forms import open_form, reload_form, submit_once

_SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "Mac", "Linux": "Linux"}
_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}


_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_ONE_WISH = "again"
"""For `submit_once`, where a second press can mean nothing else: the first one may have emptied the form already."""
_SETUP, _CODES = "_two_factor_setup", "_recovery_codes"


def picture(page: Page) -> None:
    url = avatar_url(page.workspace.id, page.user.id, page.user.avatar_id)
    chosen = avatar_picker("avatar", url=url, name=page.user.name)
    if chosen is not None:
        with page.transaction() as tx:
            accounts.set_avatar(tx, chosen)
        _toast_and_rerun(tr("Your picture is saved.") if chosen else tr("Your picture is removed."))


def name_form(page: Page) -> None:
    with st.form("name"):
        st.header(tr("Name"))
        new_name = st.text_input(tr("Your name"), value=page.user.name)
        pressed = st.form_submit_button(tr("Save name"))
    if pressed:
        with page.transaction() as tx:
            accounts.rename_user(tx, new_name)
        _toast_and_rerun(tr("Your name is saved."))


def installing() -> None:
    """How the studio becomes an app on this phone or computer; browsers install from https and localhost only."""
    st.header(tr("On your phone"))
    address = urlsplit(str(st.context.url or ""))
    if address.scheme == "https" or address.hostname in _LOCAL_HOSTS:
        st.caption(
            tr(
                "Install the studio as an app. iPhone: open it in Safari, tap Share, then Add to Home Screen. "
                "Android: in the browser's menu, tap Install app. On a computer, the icon is in the address bar."
            )
        )
    else:
        st.caption(tr("The studio can be installed as an app once it is reached over https. Whoever runs it can set that up."))


def password_form(page: Page) -> None:
    key, _ = open_form("password", "")
    with st.form(key):
        st.header(tr("Password"))
        st.caption(tr("At least 10 characters. Changing it signs out all your other browsers."))
        current = st.text_input(tr("Current password"), type="password", autocomplete="current-password", key=f"{key}:first")
        new = st.text_input(tr("New password"), type="password", autocomplete="new-password", key=f"{key}:new")
        pressed = st.form_submit_button(tr("Change password"))
    if pressed:
        typed, address = (SecretStr(current), SecretStr(new)), session.address()
        submit_once(
            "password",
            _ONE_WISH,
            lambda: accounts.change_password(page.app.db, page.caller, current=typed[0], new=typed[1], address=address),
        )
        reload_form("password")
        _toast_and_rerun(tr("Your password is changed. All other browsers are signed out."))


def email_form(page: Page) -> None:
    key, _ = open_form("email", "")
    with st.form(key):
        st.header(tr("E-mail"))
        st.caption(tr("You sign in as {email}.", email=plain(page.user.email)))
        email = st.text_input(tr("New e-mail address"), autocomplete="email", key=f"{key}:first")
        current = st.text_input(tr("Password"), type="password", autocomplete="current-password", key=f"{key}:password")
        pressed = st.form_submit_button(tr("Change e-mail"))
    if pressed:
        typed, address = SecretStr(current), session.address()
        submit_once(
            "email",
            _ONE_WISH,
            lambda: accounts.change_email(page.app.db, page.caller, current=typed, email=email, address=address),
        )
        reload_form("email")
        _toast_and_rerun(tr("Your e-mail address is changed. Sign in with the new one from now on."))


def two_factor(page: Page) -> None:
    with page.transaction() as tx:
        state = accounts.two_factor.state(tx)
    with st.container(border=True, key="two-factor"):
        st.header(tr("Two-factor sign-in"))
        if codes := st.session_state.get(_CODES):
            _recovery_codes(codes)
        elif state.enabled:
            _two_factor_on(page, state)
        elif setup := st.session_state.get(_SETUP):
            _two_factor_setup(page, setup)
        else:
            st.caption(tr("After the password, signing in asks for a code of an app on your phone."))
            if st.button(tr("Set up"), icon=":material/phonelink_lock:"):
                with page.transaction() as tx:
                    st.session_state[_SETUP] = accounts.two_factor.begin(tx, page.app.settings)
                st.rerun()


def _two_factor_setup(page: Page, setup: accounts.two_factor.TwoFactorSetup) -> None:
    st.markdown(
        tr("Scan this with an authenticator app (Google Authenticator, 1Password, Aegis …), then enter the code it shows.")
    )
    dark, light = tokens.COLORS["text"].light, tokens.COLORS["field"].light
    qr_code = segno.make(setup.uri).svg_data_uri(scale=4, border=3, dark=dark, light=light)
    st.html(f'<img src="{qr_code}" alt="{esc(tr("QR code for your authenticator app"))}">')
    st.caption(tr("Or type this key: `{secret}`", secret=setup.secret))
    with st.form("two-factor-code", border=False):
        code = st.text_input(tr("Code"), max_chars=10, autocomplete="one-time-code", width=200)
        pressed = st.form_submit_button(tr("Turn on"), type="primary")
    st.button(tr("Cancel"), on_click=lambda: st.session_state.pop(_SETUP, None), type="tertiary", key="two-factor-cancel")
    if pressed:
        st.session_state[_CODES] = submit_once("two-factor-on", _ONE_WISH, lambda: _enable(page, code))
        st.session_state.pop(_SETUP, None)
        st.rerun()


def _enable(page: Page, code: str) -> list[str]:
    """Its recovery codes."""
    with page.transaction() as tx:
        return accounts.two_factor.enable(tx, page.app.settings, code)


def _two_factor_on(page: Page, state: accounts.two_factor.TwoFactorState) -> None:
    st.markdown(
        tr_plural(
            ":green-badge[:material/check: On] {n} recovery code left.",
            ":green-badge[:material/check: On] {n} recovery codes left.",
            state.recovery_codes,
        )
    )
    with st.form("two-factor-off", border=False, clear_on_submit=True):
        password = st.text_input(tr("Password"), type="password", autocomplete="current-password", key="two-factor-password")
        with st.container(horizontal=True):
            renewed = st.form_submit_button(tr("New recovery codes"))
            turned_off = st.form_submit_button(tr("Turn off"))
    typed, address = SecretStr(password), session.address()
    if renewed:
        st.session_state[_CODES] = submit_once(
            "recovery-codes",
            _ONE_WISH,
            lambda: accounts.two_factor.new_recovery_codes(page.app.db, page.caller, password=typed, address=address),
        )
        st.rerun()
    if turned_off:
        submit_once(
            "two-factor-off",
            _ONE_WISH,
            lambda: accounts.two_factor.turn_off(page.app.db, page.caller, password=typed, address=address),
        )
        _toast_and_rerun(tr("Two-factor sign-in is off."))


def _recovery_codes(codes: list[str]) -> None:
    st.success(
        tr("Two-factor sign-in is on. Keep these recovery codes: each works once, and they are shown only now."),
        icon=":material/check:",
    )
    st.code("\n".join(codes), language=None)
    st.download_button(tr("Download"), "\n".join(codes) + "\n", "recovery-codes.txt", icon=":material/download:")
    st.button(tr("I have saved them"), type="primary", on_click=lambda: st.session_state.pop(_CODES, None))


def browser_sessions(page: Page) -> None:
    with page.transaction() as tx:
        signed_in = accounts.sessions(tx, token=page.caller.token)
    with st.container(border=True):
        st.header(tr("Signed-in browsers and programs"))
        for browser_session in signed_in:
            with st.container(horizontal=True, vertical_alignment="center"):
                when = tr(
                    "seen {last_seen}, signed in {signed_in}",
                    last_seen=ago(browser_session.last_seen_at),
                    signed_in=date_text(browser_session.signed_in_at),
                )
                label = program_label if browser_session.is_program else browser_label
                st.markdown(f"**{plain(label(browser_session.user_agent))}**  \n:small[{when}]", width="stretch")
                if browser_session.current:
                    st.badge(tr("this browser"), color="green")
                else:
                    st.button(
                        tr("Sign out"), key=f"out:{browser_session.id}", on_click=_revoke, args=(page, browser_session.id)
                    )
        if len(signed_in) > 1:
            st.button(tr("Sign out everywhere else"), icon=":material/logout:", on_click=_revoke_others, args=(page,))


def browser_label(user_agent: str) -> str:
    """“Firefox on Windows”, as far as the user agent says so."""
    browser_name = next((label for mark, label in _BROWSERS.items() if mark in user_agent), tr("A browser"))
    system = next((label for mark, label in _SYSTEMS.items() if mark in user_agent), "")
    return tr("{browser} on {system}", browser=browser_name, system=system) if system else browser_name


def program_label(user_agent: str) -> str:
    """“A program (python-httpx)”: the name at the beginning of its user agent."""
    name = user_agent.partition("/")[0].strip()[:40]
    return tr("A program ({name})", name=name) if name else tr("A program")


def _revoke(page: Page, session_id: str) -> None:
    with page.guard(), page.transaction() as tx:
        accounts.revoke_session(tx, session_id)


def _revoke_others(page: Page) -> None:
    with page.guard(), page.transaction() as tx:
        accounts.sign_out_everywhere(tx, but=page.caller.token)


def _toast_and_rerun(sentence: str) -> None:
    st.toast(sentence, icon=":material/check:")
    st.rerun()

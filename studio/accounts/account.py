"""Parts of the account page."""

from __future__ import annotations

import streamlit as st
from pydantic import SecretStr

from backend import accounts
from studio.shell import session
from studio.shell.frame import Page
from studio.ui.format import ago, plain

_SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "Mac", "Linux": "Linux"}
_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}


def name_form(page: Page) -> None:
    with st.form("name"):
        st.header("Name")
        new_name = st.text_input("Your name", value=page.user.name, help=f"You sign in as {plain(page.user.email)}.")
        pressed = st.form_submit_button("Save name")
    if pressed:
        with page.transaction() as tx:
            accounts.rename_user(tx, new_name)
        _toast_and_rerun("Your name is saved.")


def password_form(page: Page) -> None:
    with st.form("password", clear_on_submit=True):
        st.header("Password")
        st.caption("At least 10 characters. Changing it signs out all your other browsers.")
        current = st.text_input("Current password", type="password", autocomplete="current-password")
        new = st.text_input("New password", type="password", autocomplete="new-password")
        pressed = st.form_submit_button("Change password")
    if pressed:
        accounts.change_password(
            page.app.db, page.caller, current=SecretStr(current), new=SecretStr(new), address=session.address()
        )
        st.success("Your password is changed. All other browsers are signed out.", icon=":material/check:")


def browser_sessions(page: Page) -> None:
    with page.transaction() as tx:
        signed_in = accounts.sessions(tx, token=page.caller.token)
    with st.container(border=True):
        st.header("Signed-in browsers and programs")
        for browser_session in signed_in:
            with st.container(horizontal=True, vertical_alignment="center"):
                when = f"seen {ago(browser_session.last_seen_at)}, signed in {browser_session.signed_in_at:%-d %b %Y}"
                label = program_label if browser_session.is_program else browser_label
                st.markdown(f"**{plain(label(browser_session.user_agent))}**  \n:small[{when}]", width="stretch")
                if browser_session.current:
                    st.badge("this browser", color="green")
                else:
                    st.button("Sign out", key=f"out:{browser_session.id}", on_click=_revoke, args=(page, browser_session.id))
        if len(signed_in) > 1:
            st.button("Sign out everywhere else", icon=":material/logout:", on_click=_revoke_others, args=(page,))


def browser_label(user_agent: str) -> str:
    """“Firefox on Windows”, as far as the user agent says so."""
    browser_name = next((label for mark, label in _BROWSERS.items() if mark in user_agent), "A browser")
    system = next((label for mark, label in _SYSTEMS.items() if mark in user_agent), "")
    return f"{browser_name} on {system}" if system else browser_name


def program_label(user_agent: str) -> str:
    """“A program (python-httpx)”: the name at the beginning of its user agent."""
    name = user_agent.partition("/")[0].strip()[:40]
    return f"A program ({name})" if name else "A program"


def _revoke(page: Page, session_id: str) -> None:
    with page.guard(), page.transaction() as tx:
        accounts.revoke_session(tx, session_id)


def _revoke_others(page: Page) -> None:
    with page.guard(), page.transaction() as tx:
        accounts.sign_out_everywhere(tx, but=page.caller.token)


def _toast_and_rerun(sentence: str) -> None:
    st.toast(sentence, icon=":material/check:")
    st.rerun()

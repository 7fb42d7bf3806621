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


def name(page: Page) -> None:
    with st.form("name"):
        st.header("Name")
        wanted = st.text_input("Your name", value=page.user.name, help=f"You sign in as {plain(page.user.email)}.")
        pressed = st.form_submit_button("Save name")
    if pressed:
        with page.transaction() as tx:
            accounts.rename_user(tx, wanted)
        _done("Your name is saved.")


def password(page: Page) -> None:
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


def browsers(page: Page) -> None:
    with page.transaction() as tx:
        signed_in = accounts.sessions(tx, token=page.caller.token)
    with st.container(border=True):
        st.header("Signed-in browsers")
        for one in signed_in:
            with st.container(horizontal=True, vertical_alignment="center"):
                when = f"seen {ago(one.last_seen_at)}, signed in {one.signed_in_at:%-d %b %Y}"
                st.markdown(f"**{plain(browser(one.user_agent))}**  \n:small[{when}]", width="stretch")
                if one.current:
                    st.badge("this browser", color="green")
                else:
                    st.button("Sign out", key=f"out:{one.id}", on_click=_revoke, args=(page, one.id))
        if len(signed_in) > 1:
            st.button("Sign out everywhere else", icon=":material/logout:", on_click=_others, args=(page,))


def browser(user_agent: str) -> str:
    """“Firefox on Windows”, as far as it can be told."""
    kind = next((word for mark, word in _BROWSERS.items() if mark in user_agent), "A browser")
    system = next((word for mark, word in _SYSTEMS.items() if mark in user_agent), "")
    return f"{kind} on {system}" if system else kind


def _revoke(page: Page, session_id: str) -> None:
    with page.guard(), page.transaction() as tx:
        accounts.revoke_session(tx, session_id)


def _others(page: Page) -> None:
    with page.guard(), page.transaction() as tx:
        accounts.sign_out_everywhere(tx, but=page.caller.token)


def _done(sentence: str) -> None:
    st.toast(sentence, icon=":material/check:")
    st.rerun()

"""What strangers see instead of a page: sign in, the first owner's form, invitation and reset links."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from pydantic import SecretStr

from backend import accounts
from backend.db.transactions import Anonymous
from backend.errors import StudioError
from studio.shell import resources, session
from studio.shell.frame import PRODUCT
from studio.ui.format import plain

INVITE, RESET = "invite", "reset"

_bridge = st.components.v2.component(
    "session_bridge",
    js="""
export default function ({ data, setTriggerValue }) {
  if (!data?.ticket || window.__studioTicket === data.ticket) return
  window.__studioTicket = data.ticket
  const body = JSON.stringify({ ticket: data.ticket })
  fetch("/api/session/exchange", { method: "POST", headers: { "content-type": "application/json" }, body })
    .then(r => { if (!r.ok) throw r.status; data.next ? location.replace(data.next) : location.reload() })
    .catch(() => setTriggerValue("failed", true))
}
""",
)


def has_link() -> bool:
    return INVITE in st.query_params or RESET in st.query_params


def show(arrival: accounts.SessionInfo | None) -> None:
    """Ends with the form drawn; signing in reloads the page that was asked for."""
    st.set_page_config(page_title=PRODUCT)
    with st.container(horizontal_alignment="center"), st.container(width=420):
        st.space("small")
        try:
            _form(arrival)()
        except StudioError as error:
            st.error(plain(error.message), icon=":material/error:")
            if has_link():
                st.link_button("To the studio", "/", type="primary")


def _form(arrival: accounts.SessionInfo | None) -> Callable[[], None]:
    if reset := st.query_params.get(RESET):
        return lambda: _reset(reset)
    if invitation := st.query_params.get(INVITE):
        return lambda: _invited(invitation, arrival)
    with resources.app().db.transaction(Anonymous()) as tx:
        return _found if accounts.needs_setup(tx) else _sign_in


def _found() -> None:
    st.title("Welcome to your studio")
    st.markdown("You are the first one here. Make the owner's account; you can invite others afterwards.")
    with st.form("found", border=False):
        name = st.text_input("Your name", autocomplete="name")
        email = st.text_input("E-mail", autocomplete="username")
        password = _new_password()
        workspace = st.text_input(
            "Name of the workspace", value="My studio", help="A workspace holds influencers, pictures and people."
        )
        pressed = st.form_submit_button("Create the studio", type="primary", width="stretch")
    if pressed:
        draft = accounts.SetupDraft(name=name, email=email, password=password, workspace=workspace)
        with st.spinner("Making your studio …"), resources.app().db.transaction(Anonymous()) as tx:
            ticket = accounts.create_first_workspace(tx, draft)
        _enter(ticket)


def _sign_in() -> None:
    st.title("Sign in")
    _password_form()
    st.caption(
        "No account yet, or the password is forgotten? Ask an owner of your workspace for a link; "
        "for the only owner, whoever runs the server makes one."
    )


def _password_form(email: str = "") -> None:
    with st.form("sign-in", border=False):
        typed = st.text_input("E-mail", value=email, autocomplete="username", disabled=bool(email))
        password = st.text_input("Password", type="password", autocomplete="current-password")
        pressed = st.form_submit_button("Sign in", type="primary", width="stretch")
    if pressed:
        app = resources.app()
        with st.spinner("Signing in …"):
            ticket = accounts.sign_in(
                app.db,
                email=email or typed,
                password=SecretStr(password),
                address=session.address(),
                user_agent=session.user_agent(),
                recognise=session.device,
            )
        _enter(ticket)


def _invited(secret: str, arrival: accounts.SessionInfo | None) -> None:
    with resources.app().db.transaction(Anonymous()) as tx:
        welcome = accounts.preview(tx, secret)
    st.title(f"Join {plain(welcome.workspace.name)}")
    host = plain(welcome.invited_by) or "An owner"
    st.markdown(f"{host} invites you as **{welcome.workspace.role}**.")
    if arrival is not None:
        _join(secret, arrival)
        return
    new, known = st.tabs(["I am new here", "I have an account"])
    with new:
        _join_as_new(secret, welcome)
    with known:
        _password_form(welcome.email)


def _join(secret: str, arrival: accounts.SessionInfo) -> None:
    st.markdown(f"You are signed in as {plain(arrival.user.email)}.")
    if st.button("Join", type="primary", width="stretch"):
        with resources.app().db.transaction(Anonymous(arrival.user.id)) as tx:
            workspace_id = accounts.accept(tx, secret)
        st.query_params.from_dict({"ws": workspace_id})
        st.rerun()


def _join_as_new(secret: str, welcome: accounts.InvitationPreview) -> None:
    with st.form("join", border=False):
        name = st.text_input("Your name", autocomplete="name")
        email = st.text_input(
            "E-mail", value=welcome.email, autocomplete="username", disabled=bool(welcome.email), key="join-email"
        )
        password = _new_password()
        pressed = st.form_submit_button("Create account and join", type="primary", width="stretch")
    if pressed:
        person = accounts.NewPerson(name=name, email=welcome.email or email, password=password)
        with st.spinner("Making your account …"), resources.app().db.transaction(Anonymous()) as tx:
            ticket = accounts.accept_as_new(tx, secret, person)
        _enter(ticket, f"/?ws={welcome.workspace.id}")


def _reset(secret: str) -> None:
    with resources.app().db.transaction(Anonymous()) as tx:
        email = accounts.reset_email(tx, secret)
    st.title("Choose a new password")
    st.markdown(f"For {plain(email)}. All browsers will be signed out.")
    with st.form("reset", border=False):
        password = _new_password()
        pressed = st.form_submit_button("Save and sign in", type="primary", width="stretch")
    if pressed:
        with resources.app().db.transaction(Anonymous()) as tx:
            ticket = accounts.reset(tx, secret, password)
        _enter(ticket, "/")


def _new_password() -> SecretStr:
    text = st.text_input(
        "Password", type="password", autocomplete="new-password", help="At least 10 characters.", key="new-password"
    )
    return SecretStr(text)


def _enter(ticket: str, next_url: str = "") -> None:
    """The browser trades the ticket for its cookie and loads the page again; no st.rerun here, it would unmount the trade."""
    result = _bridge(key="bridge", data={"ticket": ticket, "next": next_url}, on_failed_change=lambda: None)
    if result.get("failed"):
        st.error("Signing in did not finish. Please try once more.", icon=":material/error:")

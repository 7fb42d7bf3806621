"""What visitors who are not signed in see instead of a page: sign-in, the first owner's form, invitation and reset links."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from pydantic import SecretStr

from backend import accounts
from backend.db.transactions import Anonymous
from backend.errors import StudioError
from backend.language import tr, worded
from studio.shell import resources, session, theme
from studio.shell.frame import PRODUCT, ROLE_NAMES
from studio.ui.format import plain

INVITE, RESET = accounts.INVITE_PARAM, "reset"
_WAITING = "_sign_in_ticket"
"""Ticket and next address of a sign-in that waits for the code of a second factor."""

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


def show(session_info: accounts.SessionInfo | None) -> None:
    """Draws the form; signing in reloads the page that was asked for."""
    st.set_page_config(page_title=PRODUCT)
    st.html(theme.EVERYWHERE)
    with st.container(horizontal_alignment="center"), st.container(width=420):
        st.space("small")
        try:
            _form(session_info)()
        except StudioError as error:
            st.error(plain(worded(error.message)), icon=":material/error:")
            if has_link():
                st.link_button(tr("Open the studio"), "/", type="primary")


def _form(session_info: accounts.SessionInfo | None) -> Callable[[], None]:
    if _WAITING in st.session_state and session_info is None:
        return _code_form
    if reset := st.query_params.get(RESET):
        return lambda: _reset_form(reset)
    if invitation := st.query_params.get(INVITE):
        return lambda: _invitation_form(invitation, session_info)
    with resources.app().db.transaction(Anonymous()) as tx:
        return _setup_form if accounts.needs_setup(tx) else _sign_in_form


def _setup_form() -> None:
    st.title(tr("Welcome to your studio"), anchor=False)
    st.markdown(tr("You are the first here. Create the owner's account; you can invite others later."))
    with st.form("found", border=False):
        name = st.text_input(tr("Your name"), autocomplete="name")
        email = st.text_input(tr("E-mail"), autocomplete="username")
        password = _new_password()
        workspace = st.text_input(
            tr("Name of the workspace"), value=tr("My studio"), help=tr("A workspace holds influencers, pictures and people.")
        )
        pressed = st.form_submit_button(tr("Create the studio"), type="primary", width="stretch")
    if pressed:
        draft = accounts.SetupDraft(name=name, email=email, password=password, workspace=workspace)
        with st.spinner(tr("Creating your studio …")), resources.app().db.transaction(Anonymous()) as tx:
            ticket = accounts.create_first_workspace(tx, draft)
        _sign_in_with(ticket)


def _sign_in_form() -> None:
    st.title(tr("Sign in"), anchor=False)
    _password_form()
    st.caption(
        tr(
            "No account, or forgot your password? Ask an owner of your workspace for a link, "
            "or the person who runs this server."
        )
    )


def _password_form(email: str = "") -> None:
    with st.form("sign-in", border=False):
        typed_email = st.text_input(tr("E-mail"), value=email, autocomplete="username", disabled=bool(email))
        password = st.text_input(tr("Password"), type="password", autocomplete="current-password")
        pressed = st.form_submit_button(tr("Sign in"), type="primary", width="stretch")
    if pressed:
        app = resources.app()
        with st.spinner(tr("Signing in …")):
            ticket = accounts.sign_in(
                app.db,
                email=email or typed_email,
                password=SecretStr(password),
                origin=session.request_origin(),
                recognise=session.device,
            )
        _sign_in_with(ticket)


def _invitation_form(secret: str, session_info: accounts.SessionInfo | None) -> None:
    with resources.app().db.transaction(Anonymous()) as tx:
        preview = accounts.preview(tx, secret)
    st.title(tr("Join {name}", name=plain(preview.workspace.name)), anchor=False)
    inviter = plain(preview.invited_by) or tr("An owner")
    st.markdown(tr("{inviter} invites you as **{role}**.", inviter=inviter, role=ROLE_NAMES[preview.workspace.role]))
    if session_info is not None:
        _join_signed_in(secret, session_info)
        return
    new_tab, sign_in_tab = st.tabs([tr("I am new here"), tr("I have an account")])
    with new_tab:
        _join_as_new(secret, preview)
    with sign_in_tab:
        _password_form(preview.email)


def _join_signed_in(secret: str, session_info: accounts.SessionInfo) -> None:
    st.markdown(tr("You are signed in as {email}.", email=plain(session_info.user.email)))
    if st.button(tr("Join"), type="primary", width="stretch"):
        with resources.app().db.transaction(Anonymous(session_info.user.id)) as tx:
            workspace_id = accounts.accept(tx, secret)
        st.query_params.from_dict({"ws": workspace_id})
        st.rerun()


def _join_as_new(secret: str, preview: accounts.InvitationPreview) -> None:
    with st.form("join", border=False):
        name = st.text_input(tr("Your name"), autocomplete="name")
        email = st.text_input(
            tr("E-mail"), value=preview.email, autocomplete="username", disabled=bool(preview.email), key="join-email"
        )
        password = _new_password()
        pressed = st.form_submit_button(tr("Create account and join"), type="primary", width="stretch")
    if pressed:
        new_user = accounts.NewPerson(name=name, email=preview.email or email, password=password)
        with st.spinner(tr("Creating your account …")), resources.app().db.transaction(Anonymous()) as tx:
            ticket = accounts.accept_as_new(tx, secret, new_user, settings=resources.app().settings)
        _sign_in_with(ticket, f"/?ws={preview.workspace.id}")


def _reset_form(secret: str) -> None:
    with resources.app().db.transaction(Anonymous()) as tx:
        email = accounts.reset_email(tx, secret)
    st.title(tr("Choose a new password"), anchor=False)
    st.markdown(tr("For {email}. All browsers will be signed out.", email=plain(email)))
    with st.form("reset", border=False):
        password = _new_password()
        pressed = st.form_submit_button(tr("Save and sign in"), type="primary", width="stretch")
    if pressed:
        with resources.app().db.transaction(Anonymous()) as tx:
            ticket = accounts.reset(tx, secret, password, origin=session.request_origin())
        _sign_in_with(ticket, "/")


def _new_password() -> SecretStr:
    text = st.text_input(
        tr("Password"), type="password", autocomplete="new-password", help=tr("At least 10 characters."), key="new-password"
    )
    return SecretStr(text)


def _sign_in_with(ticket: str, next_url: str = "") -> None:
    """Signs the browser in by the ticket; asks for the code of a second factor first, where there is one."""
    with resources.app().db.transaction(Anonymous()) as tx:
        code_needed = accounts.two_factor.code_needed(tx, ticket)
    if not code_needed:
        _exchange_ticket(ticket, next_url)
        return
    st.session_state[_WAITING] = ticket, next_url
    st.rerun()


def _code_form() -> None:
    ticket, next_url = st.session_state[_WAITING]
    st.title(tr("Enter your code"), anchor=False)
    st.markdown(tr("The six digits that your authenticator app shows, or one of your recovery codes."))
    with st.form("second-factor", border=False):
        code = st.text_input(tr("Code"), autocomplete="one-time-code", max_chars=20)
        pressed = st.form_submit_button(tr("Sign in"), type="primary", width="stretch")
    st.button(tr("Start over"), type="tertiary", on_click=lambda: st.session_state.pop(_WAITING, None))
    if pressed:
        app = resources.app()
        accounts.two_factor.confirm(
            app.db, app.settings, ticket, code, origin=session.request_origin(), recognise=session.device
        )
        _exchange_ticket(ticket, next_url)


def _exchange_ticket(ticket: str, next_url: str = "") -> None:
    """The browser exchanges the ticket for its cookie and reloads. No st.rerun here: it would unmount the component that
    does."""
    result = _bridge(key="bridge", data={"ticket": ticket, "next": next_url}, on_failed_change=lambda: None)
    if result.get("failed"):
        st.error(tr("Signing in did not finish. Please try once more."), icon=":material/error:")

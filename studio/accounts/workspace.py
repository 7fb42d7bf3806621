"""Parts of the workspace page."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import accounts
from backend.db.transactions import RANK
from backend.language import tr, tr_lazy, worded
from studio.shell import session
from studio.shell.frame import ROLE_NAMES, WORKSPACE_PARAM, Page
from studio.shell.sign_in import INVITE, RESET
from studio.ui.buttons import confirm
from studio.ui.format import avatar_url, date_text, plain
from studio.ui.forms import changed_meanwhile, offer_reload, open_form, reload_form, submit_once
from studio.ui.thumbnails import portrait_html

ROLES = {
    "viewer": tr_lazy("Viewer: can view"),
    "editor": tr_lazy("Editor: can create and change"),
    "owner": tr_lazy("Owner: can do everything, people too"),
}
_ROLE_LABELS = {"viewer": tr_lazy("Viewer"), "editor": tr_lazy("Editor"), "owner": tr_lazy("Owner")}
_MENU = {
    "leave": tr_lazy("Leave this workspace"),
    "reset": tr_lazy("Create a reset link"),
    "remove": tr_lazy("Remove from the workspace"),
}
_LINK, _INVITED = "_workspace_link", "_workspace_invited"


def members(page: Page) -> None:
    with page.transaction() as tx:
        member_cards = accounts.members(tx)
    with st.container(border=True):
        st.header(tr("People"))
        for member in member_cards:
            _member(page, member)
        if link := st.session_state.get(_LINK):
            _show_link(*link)


def _member(page: Page, member: accounts.MemberCard) -> None:
    is_self = member.user_id == page.user.id
    with st.container(horizontal=True, vertical_alignment="center"):
        picture = avatar_url(page.workspace.id, member.user_id, member.avatar_id)
        st.html(portrait_html(picture, member.name), width="content")
        name = tr("**{name}** (you)", name=plain(member.name)) if is_self else f"**{plain(member.name)}**"
        st.markdown(f"{name}  \n:small[{plain(member.email)}]", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _member_role(page, member)
            if page.is_owner or is_self:
                _member_menu(page, member, is_self=is_self)


def _member_role(page: Page, member: accounts.MemberCard) -> None:
    """Owners choose it; others see it."""
    if not page.is_owner:
        st.badge(worded(ROLE_NAMES[member.role]), color="gray")
        return
    key = f"role:{member.user_id}"
    st.session_state[key] = member.role
    st.selectbox(
        tr("Role of {name}", name=plain(member.name)),
        list(RANK),
        key=key,
        width=130,
        label_visibility="collapsed",
        format_func=lambda role: worded(_ROLE_LABELS[role]),
        on_change=_set_role,
        args=(page, member.user_id),
    )


def _member_menu(page: Page, member: accounts.MemberCard, *, is_self: bool) -> None:
    chosen = st.menu_button(
        "",
        ["leave"] if is_self else ["reset", "remove"],
        format_func=lambda option: worded(_MENU[option]),
        icon=":material/more_vert:",
        type="tertiary",
        key=f"acts:{member.user_id}",
    )
    if chosen == "reset":
        with page.transaction(needs="owner") as tx:
            secret = accounts.create_reset_link(tx, member.user_id, settings=page.app.settings)
        title = tr(
            "Give this link to {name}. It lets them choose a new password, once, within 24 hours.", name=plain(member.name)
        )
        st.session_state[_LINK] = (title, _address(RESET, secret))
    elif chosen == "leave":
        confirm(
            tr("Leave this workspace?"),
            tr("You will no longer see **{name}**. What you made stays there.", name=plain(page.workspace.name)),
            action=tr("Leave"),
            act=lambda: _remove(page, member.user_id),
        )
    elif chosen:
        confirm(
            tr("Remove {name}?", name=plain(member.name)),
            tr("They lose access at once. What they made stays."),
            action=tr("Remove"),
            act=lambda: _remove(page, member.user_id),
        )


def invitations(page: Page) -> None:
    with st.container(border=True):
        st.header(tr("Invite"))
        st.caption(tr("You get a link to send. It is shown once; where it was lost, “New link” makes another."))
        with st.form("invite", border=False):
            role = st.selectbox(tr("Role"), list(ROLES), index=1, format_func=lambda role: worded(ROLES[role]))
            email = st.text_input(tr("E-mail (optional)"), help=tr("With an address only that person can use the link."))
            pressed = st.form_submit_button(tr("Create invite link"), icon=":material/link:")
        if pressed:
            invited = submit_once("invite", (role, email), lambda: _invite(page, role, email))
            st.session_state[_INVITED] = invited
        with page.transaction(needs="owner") as tx:
            open_invitations = accounts.invitations(tx)
        shown: accounts.NewInvitation | None = st.session_state.get(_INVITED)
        for invitation in open_invitations:
            if shown and shown.card.id == invitation.id:
                _show_link(
                    tr("Send this link yourself. It works once, within 7 days, and is shown only now."),
                    _address(INVITE, shown.secret),
                )
            with st.container(horizontal=True, vertical_alignment="center"):
                recipient = plain(invitation.email) or tr("whoever holds the link")
                st.markdown(
                    tr(
                        "{role} for {recipient}  \n:small[until {day}]",
                        role=_ROLE_LABELS[invitation.role],
                        recipient=recipient,
                        day=date_text(invitation.expires_at),
                    ),
                    width="stretch",
                )
                st.button(
                    tr("New link"),
                    key=f"renew:{invitation.id}",
                    help=tr("The link that was sent stops working."),
                    on_click=_renew,
                    args=(page, invitation),
                )
                if st.button(tr("Withdraw"), key=f"withdraw:{invitation.id}"):
                    # Asked first: the next row moves up, where the second half of a double click would meet it
                    confirm(
                        tr("Withdraw this invitation?"),
                        tr("Its link stops working. You can invite again."),
                        action=tr("Withdraw"),
                        act=partial(_withdraw, page, invitation.id),
                    )


def name_form(page: Page) -> None:
    form = f"workspace-name:{page.workspace.id}"
    key, before = open_form(form, page.workspace.name)
    with st.form(key):
        st.header(tr("Name"))
        new_name = st.text_input(tr("Name of this workspace"), value=before, key=f"{key}:first")
        pressed = st.form_submit_button(tr("Save name"))
    if pressed and page.workspace.name not in (before, new_name):
        offer_reload(form, changed_meanwhile(page.workspace.name))
    elif pressed:
        with page.transaction(needs="owner") as tx:
            accounts.rename_workspace(tx, new_name)
        reload_form(form)
        st.rerun()


def new_workspace_form(page: Page) -> None:
    with st.expander(tr("New workspace"), icon=":material/add:"), st.form("new-workspace", border=False):
        st.caption(tr("Separate influencers, pictures and people. You will own it."))
        workspace_name = st.text_input(tr("Its name"))
        pressed = st.form_submit_button(tr("Create workspace"))
    if pressed:
        workspace_id = submit_once("new-workspace", workspace_name, lambda: _create_workspace(page, workspace_name))
        st.query_params.from_dict({WORKSPACE_PARAM: workspace_id})
        st.rerun()


def _invite(page: Page, role: str, email: str) -> accounts.NewInvitation:
    with page.transaction(needs="owner") as tx:
        return accounts.invite(tx, role=role, email=email)


def _renew(page: Page, invitation: accounts.InvitationCard) -> None:
    """A link of its own for the same person, in place of the one that was lost."""

    def act() -> accounts.NewInvitation:
        with page.transaction(needs="owner") as tx:
            accounts.withdraw(tx, invitation.id)
            return accounts.invite(tx, role=invitation.role, email=invitation.email)

    with page.guard():
        st.session_state[_INVITED] = submit_once("renew", invitation.id, act)


def _create_workspace(page: Page, name: str) -> str:
    with page.transaction() as tx:
        return accounts.create_workspace(tx, name)


def _show_link(sentence: str, address: str) -> None:
    st.info(sentence, icon=":material/link:")
    st.code(address, language=None, wrap_lines=True)


def _address(kind: str, secret: str) -> str:
    return f"{session.origin()}/?{kind}={secret}"


def _set_role(page: Page, user_id: str) -> None:
    st.session_state.pop(_LINK, None)
    with page.guard(), page.transaction(needs="owner") as tx:
        accounts.set_role(tx, user_id, st.session_state[f"role:{user_id}"])


def _remove(page: Page, user_id: str) -> None:
    with page.transaction(needs="viewer" if user_id == page.user.id else "owner") as tx:
        accounts.remove_member(tx, user_id)


def _withdraw(page: Page, invitation_id: str) -> None:
    with page.transaction(needs="owner") as tx:
        accounts.withdraw(tx, invitation_id)

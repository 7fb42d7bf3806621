"""The frame of every page: user, workspace and role; title; transactions; how errors are shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import streamlit as st
from sqlalchemy.orm import Session

from backend import history, influencers, undo
from backend.accounts import UserCard, WorkspaceCard
from backend.app import App
from backend.db.transactions import RANK, Role, SignedIn
from backend.errors import NotSignedIn, StudioError, Unavailable
from backend.language import tr, tr_lazy, worded
from studio.shell import current_influencer, nav, resources, session, theme, top_bar
from studio.ui.format import plain
from studio.ui.undo_toast import offer_undo

WORKSPACE_PARAM = "ws"
_SWITCH = "_switch"
"""Session key of the `_Switch` to what `Page.go` opens."""
_ADDRESS = "_address"
"""Session key of the page and query that the browser's address was last set to."""
_SECOND_PRESS_S = 0.5
"""So long after the other page was drawn, a press on the page before may still be on its way; Back looks the same."""
PRODUCT = "InfluencerAI Studio"
ROLE_NAMES = {"viewer": tr_lazy("viewer"), "editor": tr_lazy("editor"), "owner": tr_lazy("owner")}
"""In the middle of a sentence."""


@dataclass(slots=True)
class _Switch:
    """From the page `source` to the page `target`. `drawn_at`: when the next page was drawn to its end, 0 before."""

    source: str
    target: str
    query: dict[str, str]
    drawn_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """Given by `frame()`. `role` decides only what is drawn; `transaction()` decides what may happen.

    `file`: such as `models/training`. `influencer_id`: the influencer chosen in the top bar, "" for all; `influencer_names`:
    those that can be chosen, by id.
    """

    file: str
    app: App
    caller: SignedIn
    user: UserCard
    workspace: WorkspaceCard
    influencer_id: str = ""
    influencer_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def role(self) -> str:
        return self.workspace.role

    @property
    def can_edit(self) -> bool:
        return RANK[self.role] >= RANK["editor"]

    @property
    def is_owner(self) -> bool:
        return self.role == "owner"

    @contextmanager
    def transaction(self, needs: Role = "viewer") -> Iterator[Session]:
        """What it changes and can be undone is offered in a toast after the commit.

        Raises NotSignedIn when the session was revoked meanwhile, NotPermitted, Unavailable.
        """
        text = ""
        with self.app.db.transaction(self.caller, needs=needs) as tx:
            yield tx
            if (offer := undo.offered(tx)) and not offer.has_own_offer:
                text = worded(history.sentence_of(tx, offer))
        if offer and text:
            offer_undo(offer.id, text)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """A StudioError inside becomes its sentence on the page; nothing else is swallowed."""
        with error_boundary():
            yield

    def go(self, file: str, **query: str) -> NoReturn:
        """Switches to the page `file` (such as `models/training`), in the same workspace and with the same influencer."""
        target = self._query(query)
        if target != st.query_params.to_dict():
            st.session_state[_SWITCH] = _Switch(self.file, file, target)
        st.switch_page(nav.source(file), query_params=target)

    def link(self, file: str, label: str, *, icon: str | None = None, **query: str) -> None:
        st.page_link(nav.source(file), label=label, icon=icon, query_params=self._query(query))

    def url(self, file: str, **query: str) -> str:
        """Root-relative, for links inside our own HTML."""
        return nav.url(file, self._query(query))

    def _query(self, query: dict[str, str]) -> dict[str, str]:
        chosen = {current_influencer.INFLUENCER_PARAM: self.influencer_id} if self.influencer_id else {}
        return {WORKSPACE_PARAM: self.workspace.id, **chosen, **query}


def frame(file: str, *, needs: Role = "viewer") -> Page:
    """The first call of the page `file` (such as `models/training`). It stops the run for users who are not signed in or lack
    the role."""
    item = nav.item(file)
    _finish_switch(file)
    with error_boundary(stop=True):
        app, session_info = resources.app(), session.current()
    if session_info is None:
        st.rerun()  # Home.py shows the sign-in form instead of the page
    workspace = current_workspace(session_info.workspaces)
    if workspace is None:
        _no_workspace(bool(session_info.workspaces))
    st.set_page_config(page_title=f"{worded(item.title)} · {PRODUCT}")
    st.html(theme.EVERYWHERE)
    caller = SignedIn(session.token(), workspace.id, session.request_origin())
    with error_boundary(stop=True), app.db.transaction(caller) as tx:
        names = influencers.names(tx)
    influencer_id = current_influencer.chosen_influencer_id(names)
    _show_address(file)
    page = Page(file, app, caller, session_info.user, workspace, influencer_id, names)
    top_bar.show(page, item)
    top_bar.show_tabs(page, item)
    if RANK[workspace.role] < RANK[needs]:
        st.info(
            tr(
                "This page is for people with {needed} rights; you are {role} here. An owner can change that.",
                needed=ROLE_NAMES[needs],
                role=ROLE_NAMES[workspace.role],
            ),
            icon=":material/lock:",
        )
        st.stop()
    return page


def _show_address(file: str) -> None:
    """Puts this run's query into the browser's address. A link from a page to itself leaves the address as it was: the next run
    would show what was there before."""
    query = st.query_params.to_dict()
    if st.session_state.get(_ADDRESS) != (file, query):
        st.query_params.from_dict(query)
        st.session_state[_ADDRESS] = (file, query)


def _finish_switch(file: str) -> None:
    """A second press may break `Page.go` or the other page's run off when the address has the query of the other page already,
    and the path still of this one: the other page is what was asked for."""
    switch: _Switch | None = st.session_state.get(_SWITCH)
    if switch is None or file == switch.target:
        return
    is_over = switch.drawn_at and time.monotonic() - switch.drawn_at > _SECOND_PRESS_S
    if file != switch.source or switch.query != st.query_params.to_dict() or is_over:
        st.session_state.pop(_SWITCH, None)
        return
    st.switch_page(nav.source(switch.target), query_params=switch.query)


def end_switch() -> None:
    """After a page that was drawn to its end."""
    switch: _Switch | None = st.session_state.get(_SWITCH)
    if switch:
        switch.drawn_at = switch.drawn_at or time.monotonic()


def show_storage_notice() -> None:
    """A notice above pages with pictures while S3 does not answer; the rest of the page works."""
    if not resources.app().storage.ready():
        st.info(
            tr("Storage is starting. Pictures and uploads work in a moment; everything else works now."),
            icon=":material/hourglass_top:",
        )


def current_workspace(workspaces: tuple[WorkspaceCard, ...]) -> WorkspaceCard | None:
    """The workspace that the address names; without one the last one of this tab, else the first. None: no such membership."""
    requested_id = st.query_params.get(WORKSPACE_PARAM)
    workspaces_by_id = {workspace.id: workspace for workspace in workspaces}
    current = (
        workspaces_by_id.get(requested_id)
        if requested_id
        else workspaces_by_id.get(st.session_state.get("_workspace", ""), next(iter(workspaces), None))
    )
    if current is not None:
        st.session_state["_workspace"] = current.id
        if requested_id != current.id:
            st.query_params[WORKSPACE_PARAM] = current.id
    return current


@contextmanager
def error_boundary(*, stop: bool = False) -> Iterator[None]:
    """Shows a StudioError as st.error. Signed out and servers away stop the page's run; with `stop` every error does."""
    try:
        yield
    except NotSignedIn as error:
        st.error(plain(worded(error.message)), icon=":material/logout:")
        st.button(tr("Continue"), on_click=lambda: None)
        st.stop()
    except Unavailable as error:
        st.error(plain(worded(error.message)), icon=":material/cloud_off:")
        st.button(tr("Try again"), on_click=lambda: None, key="_again")
        st.stop()
    except StudioError as error:
        st.error(plain(worded(error.message)), icon=":material/error:")
        if stop:
            st.stop()


def _no_workspace(has_others: bool) -> NoReturn:
    if has_others:
        st.error(
            tr("You do not belong to this workspace, or it is gone. Choose another one at the top."), icon=":material/block:"
        )
    else:
        st.info(tr("You do not belong to a workspace yet. Ask an owner for an invitation link."), icon=":material/mail:")
    st.stop()

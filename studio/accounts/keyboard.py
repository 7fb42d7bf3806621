"""Whether keys without Ctrl or Cmd do something: whoever dictates, or hits keys by accident, turns them off."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from backend import accounts
from backend.language import tr
from studio.shell.frame import Page
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

_KEY = "single-keys"


def switch(page: Page) -> None:
    """Saved at once."""
    show_queued_toasts()
    with st.container(border=True):
        st.header(tr("Keyboard"))
        st.session_state[_KEY] = page.user.reading.single_keys != "off"
        st.toggle(
            tr("Single keys"),
            key=_KEY,
            on_change=_save,
            args=[page],
            help=tr("Letters such as J, K and A act on what is shown. With Ctrl or Cmd keys always work."),
        )
        st.caption(tr("Ctrl K searches and does things on every page. Press ? to see all keys."))


def _save(page: Page) -> None:
    is_on = st.session_state[_KEY]
    with toast_errors():
        with page.transaction() as tx:
            accounts.set_reading(tx, replace(page.user.reading, single_keys="" if is_on else "off"))
        queue_toast(tr("Single keys are on.") if is_on else tr("Single keys are off."))

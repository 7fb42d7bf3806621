"""The toast with an undo, ten seconds after a change.

`page.transaction()` offers it by itself for everything that can be undone, so pages do nothing for it. Code in the browser that
changed something through the API offers it with a DOM event:

    document.dispatchEvent(new CustomEvent("studio:undo", { detail: { id, text } }))

`id`: of the undo entry (GET /api/history?take=1 has the newest: its `id` and `text`); `text`: what was done, in the reader's
language. In our components: `offerUndo` of `studio/ui/shared/undo_offer.js`. The badges at the top of every page
(`studio/shell/status_badges/undo_toasts.js`) show it: it stays over reruns and other pages of the studio, its time stands still
under the mouse and the focus, and its button works once.
"""

from __future__ import annotations

import time
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from studio.ui.browser_component import load

_component = load(__file__)
_OFFERS = "_undo_offers"
SHOWN_S = 10.0


def offer_undo(entry_id: str, text: str) -> None:
    """Shows the toast in this run or the next one. `text`: what was done. Also in callbacks: it draws nothing."""
    st.session_state.setdefault(_OFFERS, []).append((entry_id, text, time.monotonic()))


def recent_offers() -> list[dict[str, str]]:
    """Those of the last seconds: they are sent with each run, because a run that is broken off may never reach the browser,
    which shows each once."""
    since = time.monotonic() - SHOWN_S
    offers = [offer for offer in st.session_state.get(_OFFERS, []) if offer[2] > since]
    if not offers:
        st.session_state.pop(_OFFERS, None)
        return []
    st.session_state[_OFFERS] = offers
    return [{"id": entry_id, "text": text} for entry_id, text, _ in offers]


def show_undo_toasts(*, of_fragment: bool = False) -> None:
    """Sends what was offered to the browser: at the end of a page's run, and `of_fragment` in the body of dialogs, which does
    nothing while the whole page runs."""
    context = get_script_run_ctx(suppress_warning=True)
    if of_fragment != bool(context and context.fragment_ids_this_run):
        return
    if offers := recent_offers():
        data: dict[str, Any] = {"offers": offers}
        _component(key=f"undo-toast-{'fragment' if of_fragment else 'page'}", data=data, height=1)

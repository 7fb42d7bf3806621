"""Forms of a reel's page and the reel as they were drawn, so that what was typed in one tab outlives what is saved in another.

A form is named after the reel's revision, to show what is true now. For Streamlit that is another form: without this, what was
typed in the earlier one would be gone, and its button would do nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from backend.language import tr
from backend.reels import ReelCard
from studio.ui.notices import queue_toast


@dataclass(slots=True)
class _DrawnForm:
    """`card`: the reel as it was drawn. `kept`: what was typed was refused, and still stands there."""

    card: ReelCard
    kept: bool = False


def save_key(form: str) -> str:
    """The key of the form's button."""
    return f"{form}:save"


def seen_card(form: str, card: ReelCard) -> ReelCard:
    """The reel as the form is to be drawn: as it is now, but as it was while the form's button is pressed, or what was typed
    is kept."""
    drawn: _DrawnForm | None = st.session_state.get(form)
    if drawn and drawn.card.id == card.id and (drawn.kept or st.session_state.get(save_key(form))):
        return drawn.card
    st.session_state[form] = _DrawnForm(card)
    return card


def keep_typed(form: str, why: str) -> bool:
    """Keeps what was typed, and says `why`: what was changed elsewhere. False when it was kept before: they saw it, and save
    again."""
    drawn: _DrawnForm = st.session_state[form]
    if drawn.kept:
        return False
    drawn.kept = True
    queue_toast(
        f"{why} " + tr("What you typed is still here: save again to keep it."),
        ":material/warning:",
    )
    return True


def let_go(form: str) -> None:
    """What was typed is saved: the form is drawn anew."""
    st.session_state.pop(form, None)

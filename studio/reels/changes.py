"""Changes of a reel's scenes, and taking them back, as long as nobody else has changed the reel since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import streamlit as st
from sqlalchemy.orm import Session

from backend import reels
from backend.errors import StudioError
from backend.language import worded
from backend.reels import PlacedScene, ReelCard, SceneCard, SceneDraft
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.forms import submit_once
from studio.ui.notices import queue_toast

_MOST = 30
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Change:
    """`title`: what was done, worded when it is shown. `before`: the scenes as they were. `revision`: of the reel after it."""

    title: str
    before: tuple[SceneCard, ...]
    revision: int


def act(page: Page, verb: Callable[[Session], T], *, form: str = "", typed: object = None) -> T | None:
    """Runs a verb; a StudioError becomes a toast, and None. `form`: a second press of its button with an equal `typed` gets
    what the first one got."""

    def write() -> T:
        with page.transaction(needs="editor") as tx:
            return verb(tx)

    try:
        return submit_once(form, typed, write) if form else write()
    except StudioError as error:
        queue_toast(plain(worded(error.message)), ":material/error:")
        return None


def change(
    page: Page, card: ReelCard, title: str, verb: Callable[[Session], ReelCard], *, form: str = "", typed: object = None
) -> ReelCard | None:
    """Runs a verb that changes scenes, and remembers how they were. None: it was refused, and a toast says why. `form` and
    `typed`: as of `act`."""
    history = _history(card.id)
    after = act(page, verb, form=form, typed=typed)
    if after is None:
        return None
    if not history or history[-1].revision != after.revision:
        history.append(_Change(title, card.scenes, after.revision))
        del history[:-_MOST]
    return after


def undo_title(card: ReelCard) -> str:
    """What an undo would take back now, in the words of the reader; "": nothing, or the reel was changed elsewhere since."""
    history = _history(card.id)
    return worded(history[-1].title) if history and history[-1].revision == card.revision else ""


def undo(page: Page, card: ReelCard) -> None:
    """Takes the latest change back; the one before it can be taken back then."""
    history = _history(card.id)
    if not history or history[-1].revision != card.revision:
        return
    names = SceneDraft.model_fields
    scenes = [PlacedScene(id=scene.id, **{name: getattr(scene, name) for name in names}) for scene in history[-1].before]
    after = act(page, lambda tx: reels.set_scenes(tx, card.id, scenes, revision=card.revision))
    if after:
        history.pop()
        if history:  # what it was before is what it is now
            history[-1] = replace(history[-1], revision=after.revision)


def _history(reel_id: str) -> list[_Change]:
    """A list that is changed in place: Streamlit may cut a run off at each use of the session state, so none is needed between
    a change and its being remembered."""
    history: list[_Change] = st.session_state.setdefault(f"reel:{reel_id}:changes", [])
    return history

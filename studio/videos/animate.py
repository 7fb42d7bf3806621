"""“Animate” on pictures: to the page that makes videos of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import streamlit as st

from backend import videos
from backend.generation import PictureCard
from backend.language import tr
from studio.shell.frame import Page

KINDS = ("video-generation", "video-generation-gpu", "video-finishing", "video-import")


def animate_button(page: Page, cards: Sequence[PictureCard], *, key: str, width: str | int = "content") -> None:
    """Editors only."""
    if not page.can_edit or not cards:
        return
    label = tr("Animate") if len(cards) == 1 else tr("Animate them")
    help_text = (
        tr("A video from this picture") if len(cards) == 1 else tr("A video from each of these pictures, or from some of them")
    )
    if st.button(label, icon=":material/animation:", key=f"animate:{key}", width=width, help=help_text):  # type: ignore[arg-type]
        animate_pictures(page, [card.id for card in cards])


def animate_pictures(page: Page, picture_ids: Sequence[str]) -> NoReturn:
    page.go("create/videos", pictures=",".join(picture_ids[: videos.MAX_PICTURES]))

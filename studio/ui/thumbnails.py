"""The small square at the start of a row: a thumbnail of what the row is about, a person's picture or their first letter, or an
icon. The browser fetches it at the size it is drawn with, never the original; a list's are read at once by its page."""

from __future__ import annotations

import streamlit as st

from studio.ui.design.tokens import THUMB_PX
from studio.ui.format import esc, media_url

_SQUARE = "border-radius:var(--radius-medium);display:block;flex:none;background:var(--color-panel)"
_WIDTH = 160
"""Of the stored thumbnails: enough for the largest square on a dense screen."""


def thumbnail(workspace_id: str, asset_id: str | None, *, icon: str = "image", size: str = "small") -> None:
    """At the start of a horizontal container. `icon`: a Material symbol, for a row without a picture. `size`: of THUMB_PX."""
    side = THUMB_PX[size]
    if asset_id:
        st.html(thumbnail_html(workspace_id, asset_id, side=side), width=side)
        return
    with st.container(width=side, height=side, horizontal_alignment="center", vertical_alignment="center"):
        st.markdown(f":gray[:material/{icon}:]", width="content")


def thumbnail_html(workspace_id: str, asset_id: str | None, *, side: int = THUMB_PX["small"]) -> str:
    """`asset_id` None or "": an empty square, so that rows stay aligned."""
    style = f"width:{side}px;height:{side}px;{_SQUARE}"
    if not asset_id:
        return f'<div style="{style}"></div>'
    src = media_url(workspace_id, asset_id, w=_WIDTH)
    return f'<img src="{esc(src)}" alt="" loading="lazy" style="{style};object-fit:cover">'


def portrait_html(url: str, name: str, *, side: int = THUMB_PX["small"]) -> str:
    """A person in a circle: the picture at `url`, or the first letter of the name. Decoration: the name stands beside it."""
    style = f"width:{side}px;height:{side}px;border-radius:50%;flex:none"
    if url:
        return f'<img src="{esc(url)}" alt="" loading="lazy" style="{style};display:block;object-fit:cover">'
    return (
        f'<div style="{style};display:grid;place-items:center;font-weight:600;background:var(--color-current)" '
        f'aria-hidden="true">{esc(name[:1].upper())}</div>'
    )

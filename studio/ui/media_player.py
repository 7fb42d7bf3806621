"""Sound and films of the workspace in the browser's own player. `st.audio` and `st.video` take an address without a host, as
ours are, for a file of this machine."""

from __future__ import annotations

import streamlit as st

from studio.ui.format import esc


def audio_player(source: str, *, label: str) -> None:
    """`source`: as `media_url` gives it."""
    st.html(f'<audio controls preload="none" src="{esc(source)}" aria-label="{esc(label)}" style="width:100%"></audio>')


def video_player(source: str, *, label: str, width: int) -> None:
    """`width`: px at most."""
    style = f"width:min(100%, {width}px);border-radius:10px;display:block;background:var(--color-behind-film)"
    st.html(
        f'<video src="{esc(source)}" controls playsinline preload="metadata" aria-label="{esc(label)}" style="{style}"></video>'
    )

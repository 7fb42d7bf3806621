"""Draws pictures by address: the browser fetches them from /api/media with its cookie, no bytes pass through Python."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from studio.ui.format import esc


def picture(url: str, *, alt: str, ratio: str = "", fit: str = "cover", link: str = "") -> None:
    """`ratio`: CSS width/height, empty for the picture's own. `link`: makes it open there."""
    shape = f"aspect-ratio:{ratio};object-fit:{fit};" if ratio else "height:auto;"
    image = (
        f'<img src="{esc(url)}" alt="{esc(alt)}" loading="lazy" '
        f'style="width:100%;{shape}border-radius:10px;display:block;background:var(--color-panel)">'
    )
    st.html(f'<a href="{esc(link)}" target="_self">{image}</a>' if link else image)


def preload(urls: Sequence[str]) -> None:
    """Loads pictures while the browser still reads the code that will show them, with a CSS rule that paints nothing."""
    images = ",".join(f"url({url})" for url in urls)
    st.html(f'<style>body::after {{ content: ""; position: fixed; width: 0; height: 0; background-image: {images}; }}</style>')


def placeholder(letter: str, *, ratio: str = "1") -> None:
    """A placeholder for a missing picture: the first letter of the name."""
    st.html(
        f'<div style="aspect-ratio:{ratio};border-radius:10px;display:grid;place-items:center;font-size:3rem;font-weight:600;'
        f'background:linear-gradient(135deg,var(--veil-portrait-one),var(--veil-portrait-two))" '
        f'aria-hidden="true">{esc(letter)}</div>'
    )


def thumbs(urls: Sequence[str], *, side: int = 44, alt: str = "") -> None:
    """Small squares in a row, or in several where it is narrow."""
    images = "".join(
        f'<img src="{esc(url)}" alt="{esc(alt)}" loading="lazy" '
        f'style="width:{side}px;height:{side}px;object-fit:cover;border-radius:8px;background:var(--color-panel)">'
        for url in urls
    )
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:4px">{images}</div>', width="content")

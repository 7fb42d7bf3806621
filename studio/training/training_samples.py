"""Tables of pictures by step: every cell opens its picture whole."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.training import SampleCard
from studio.shell.frame import Page
from studio.ui.format import esc, media_url

CELL = "padding:.35rem .6rem;text-align:left;border-bottom:1px solid rgba(128,128,140,.25);vertical-align:top;"
_PICTURE = "width:100%;min-width:84px;max-width:170px;border-radius:8px;display:block;background:rgba(128,128,140,.15)"


def by_step(page: Page, label: str, names: Sequence[str], columns: Sequence[Sequence[SampleCard]]) -> None:
    """Steps down, `columns` across, named by `names`; a step that a column lacks is a dash."""
    drawn = [{one.step: one for one in column} for column in columns]
    body = "".join(
        f'<tr><th scope="row" style="{CELL}font-weight:400;white-space:nowrap">{step}</th>'
        + "".join(_cell(page, column.get(step)) for column in drawn)
        + "</tr>"
        for step in sorted({step for column in drawn for step in column})
    )
    table(label, names, body, first="Step")


def table(label: str, names: Sequence[str], body: str, *, first: str = "") -> None:
    """Columns of one width, `body` already HTML. Wider than the page, it scrolls by itself; the keyboard reaches it."""
    side = 3.6 if first else 9
    head = f'<th scope="col" style="{CELL}width:{side}rem">{esc(first)}</th>'
    head += "".join(f'<th scope="col" style="{CELL}overflow-wrap:anywhere">{esc(name)}</th>' for name in names)
    shape = f"border-collapse:collapse;table-layout:fixed;width:100%;min-width:{side + 6.5 * len(names):.1f}rem;font-size:.9rem"
    st.html(
        f'<div role="region" aria-label="{esc(label)}" tabindex="0" style="overflow-x:auto">'
        f'<table style="{shape}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cell(page: Page, sample: SampleCard | None) -> str:
    if sample is None:
        return f'<td style="{CELL}opacity:.4">–</td>'
    small, whole = (media_url(page.workspace.id, sample.asset_id, w=w) for w in (320, None))
    image = f'<img src="{esc(small)}" alt="{esc(sample.prompt)}, step {sample.step}" loading="lazy" style="{_PICTURE}">'
    return f'<td style="{CELL}"><a href="{esc(whole)}" target="_blank">{image}</a></td>'

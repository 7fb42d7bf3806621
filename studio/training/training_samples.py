"""Tables of pictures by step: every cell opens its picture whole."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.language import tr
from backend.training import SampleCard
from studio.shell.frame import Page
from studio.ui.format import esc, media_url

CELL_CSS = "padding:.35rem .6rem;text-align:left;border-bottom:1px solid var(--color-border);vertical-align:top;"
_PICTURE_CSS = "width:100%;min-width:84px;max-width:170px;border-radius:8px;display:block;background:var(--color-panel)"


def samples_by_step(page: Page, label: str, names: Sequence[str], columns: Sequence[Sequence[SampleCard]]) -> None:
    """A table with steps down and `columns` across, titled by `names`; a step that a column lacks is a dash."""
    samples_by_column = [{sample.step: sample for sample in column} for column in columns]
    body = "".join(
        f'<tr><th scope="row" style="{CELL_CSS}font-weight:400;white-space:nowrap">{step}</th>'
        + "".join(_cell(page, column.get(step)) for column in samples_by_column)
        + "</tr>"
        for step in sorted({step for column in samples_by_column for step in column})
    )
    picture_table(label, names, body, first=tr("Step"))


def picture_table(label: str, names: Sequence[str], body: str, *, first: str = "") -> None:
    """A table with columns of one width; `body` is HTML. It scrolls on its own when it is too wide, also by keyboard."""
    first_column_rem = 3.6 if first else 9
    head = f'<th scope="col" style="{CELL_CSS}width:{first_column_rem}rem">{esc(first)}</th>'
    head += "".join(f'<th scope="col" style="{CELL_CSS}overflow-wrap:anywhere">{esc(name)}</th>' for name in names)
    min_width_rem = first_column_rem + 6.5 * len(names)
    table_css = f"border-collapse:collapse;table-layout:fixed;width:100%;min-width:{min_width_rem:.1f}rem;font-size:.9rem"
    st.html(
        f'<div role="region" aria-label="{esc(label)}" tabindex="0" style="overflow-x:auto">'
        f'<table style="{table_css}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cell(page: Page, sample: SampleCard | None) -> str:
    if sample is None:
        return f'<td style="{CELL_CSS}opacity:.4">–</td>'
    thumbnail_url, full_url = (media_url(page.workspace.id, sample.asset_id, w=width) for width in (320, None))
    title = tr("{prompt}, step {step}", prompt=sample.prompt, step=sample.step)
    image = f'<img src="{esc(thumbnail_url)}" alt="{esc(title)}" loading="lazy" style="{_PICTURE_CSS}">'
    return f'<td style="{CELL_CSS}"><a href="{esc(full_url)}" target="_blank">{image}</a></td>'

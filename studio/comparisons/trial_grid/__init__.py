"""Versions of a LoRA side by side: a grid of prompts and versions, and one picture large with arrows from cell to cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from studio.ui.browser_component import ignore, load

_component = load(__file__)


@dataclass(frozen=True, slots=True)
class GridColumn:
    """`title` above the column, `name` in full; `lines`: figures below it; `marks`: (word, tone) with tone good|warn|""."""

    title: str
    name: str
    lines: Sequence[str] = ()
    marks: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell. `asset_id` empty: not drawn yet. `score` 0..1 draws the bar; `words` (lines) stand below the picture."""

    n: int
    asset_id: str
    score: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class GridRow:
    """`places`: one a column."""

    title: str
    note: str
    places: Sequence[GridCell]


def trial_grid(
    key: str,
    *,
    workspace: str,
    columns: Sequence[GridColumn],
    rows: Sequence[GridRow],
    ratio: str = "1",
    poll_url: str = "",
) -> None:
    """`ratio`: CSS width/height of a picture. `poll_url` answers `{"data": [{"n", "assetId"}], "state"}` and fills places as
    they are drawn; when the job has ended the page runs once."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "columns": [asdict(item) for item in columns],
        "rows": [asdict(item) for item in rows],
        "ratio": ratio,
        "poll": poll_url,
    }
    _component(key=key, data=data, on_filled_change=ignore)

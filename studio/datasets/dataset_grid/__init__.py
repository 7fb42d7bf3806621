"""All pictures of a dataset: filters with counts, endless scrolling past a keyset API, several chosen, arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.datasets import ImageCard
from backend.language import worded
from studio.ui.browser_component import ignore, load

_component = load(__file__)


@dataclass(frozen=True, slots=True)
class GridFilter:
    """`tone`: good|warn|bad|"". `count` None: not known."""

    key: str
    label: str
    count: int | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class GridState:
    """`selected`: ids. `whole`: all that match `filter`, also those never scrolled to. `opened` is set in one run only."""

    selected: list[str] = field(default_factory=list)
    whole: bool = False
    filter: str = ""
    opened: str | None = None


def dataset_grid(
    key: str,
    *,
    workspace: str,
    dataset_id: str,
    first: Sequence[ImageCard],
    next_cursor: str | None,
    filters: Sequence[GridFilter],
    stamp: str,
    side: int = 0,
    selectable: bool = False,
    selection_round: int = 0,
) -> GridState:
    """`first`: the first page without a filter, so that the browser needs no request to draw it. `side`: px the model trains
    at. A new `stamp` reloads what is shown, a new `selection_round` clears the selection.
    """
    data: dict[str, Any] = {
        "workspace": workspace,
        "dataset": dataset_id,
        "first": [_worded_tile(item) for item in first],
        "next": next_cursor,
        "filters": [[item.key, item.label, item.count, item.tone] for item in filters],
        "stamp": stamp,
        "side": side,
        "selectable": selectable,
        "round": selection_round,
    }
    result = _component(key=key, data=data, on_selected_change=ignore, on_opened_change=ignore)
    selection, opened = result.get("selected") or {}, result.get("opened")
    current = selection if selection.get("round", 0) == selection_round else {}
    return GridState(
        selected=[str(item) for item in current.get("ids", ())],
        whole=bool(current.get("whole")),
        filter=str(current.get("filter", "")),
        opened=str(opened["id"]) if opened else None,
    )


def _worded_tile(card: ImageCard) -> dict[str, Any]:
    tile = card.tile()
    return {**tile, "reasons": [[code, worded(sentence), blocker] for code, sentence, blocker in tile["reasons"]]}

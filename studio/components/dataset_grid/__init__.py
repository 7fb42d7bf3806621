"""All pictures of a dataset: filters with counts, endless scrolling past a keyset API, several chosen, arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.datasets import ImageCard
from studio.components.load import ignore, load

_component = load("dataset_grid")


@dataclass(frozen=True, slots=True)
class GridFilter:
    """`tone`: good|warn|bad|"". `count` None: not known."""

    key: str
    label: str
    count: int | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class GridState:
    """`selected`: ids. `whole`: all that `filter` leaves, also those that were never drawn. `opened` is told once."""

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
    """`first`: the first page without a filter, so that it paints at once. A new `stamp` loads again what is shown.

    A new `selection_round` clears the selection.
    """
    data: dict[str, Any] = {
        "workspace": workspace, "dataset": dataset_id, "first": [one.tile() for one in first], "next": next_cursor,
        "filters": [[one.key, one.label, one.count, one.tone] for one in filters], "stamp": stamp, "side": side,
        "selectable": selectable, "round": selection_round,
    }  # fmt: skip
    result = _component(key=key, data=data, on_selected_change=ignore, on_opened_change=ignore)
    chosen, opened = result.get("selected") or {}, result.get("opened")
    told = chosen if chosen.get("round", 0) == selection_round else {}
    return GridState(
        selected=[str(one) for one in told.get("ids", ())],
        whole=bool(told.get("whole")),
        filter=str(told.get("filter", "")),
        opened=str(opened["id"]) if opened else None,
    )

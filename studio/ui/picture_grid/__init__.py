"""A grid of pictures: lazy thumbnails, several selected at once, arrows and number keys, stars; grows while jobs draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import streamlit as st

from studio.ui.browser_component import ignore, load

_component = load(__file__)


TileAction = Literal["favourite", "post", "edit", "upscale", "animate", "seed", "reuse", "download", "delete"]


@dataclass(frozen=True, slots=True)
class Tile:
    """`src`: thumbnail URL under /api/media. `badges`: (word, tone) with tone good|warn|bad|"". `dim`: shown faded."""

    id: str
    src: str
    alt: str
    caption: str = ""
    rating: int = 0
    favourite: bool = False
    badges: Sequence[tuple[str, str]] = ()
    dim: bool = False


@dataclass(frozen=True, slots=True)
class PictureGridState:
    """`selected` stays from run to run; `opened` and `acted` (id of a tile and an action) are set in one run only."""

    selected: list[str] = field(default_factory=list)
    opened: str | None = None
    acted: tuple[str, TileAction] | None = None


def picture_grid(
    key: str,
    *,
    tiles: Sequence[Tile],
    selectable: bool = False,
    on_rated: Callable[[list[str], int], None] | None = None,
    size: int = 180,
    ratio: str = "1",
    expected: int = 0,
    poll_url: str = "",
    workspace: str = "",
    thumb: int = 320,
    selection_round: int = 0,
    reveal: bool = False,
    in_view: bool = False,
    actions: Sequence[TileAction] = (),
) -> PictureGridState:
    """`size`: least width of a tile in px; `ratio`: CSS width/height of a tile. A new `selection_round` clears the selection.

    `expected` > len(tiles) draws placeholders; `poll_url` answers `{"data": [{"id", "assetId", "prompt"}], "state"}` and
    fills them one by one with thumbnails of `workspace`; when the job has ended the page runs once. `on_rated(ids, stars)`
    is a callback and not a result, because a second click during the run would replace the result and lose the rating.
    `actions`: what each tile offers. Favourites, deleting (with undo) and downloads are done in the browser; the others come
    back as `acted`. They need `workspace`, and tiles that are pictures of the gallery.
    `reveal`: a new grid is scrolled into view. `in_view`: all tiles fit into the window, two in a row.
    """
    data: dict[str, Any] = {
        "tiles": [_tile_json(tile) for tile in tiles],
        "selectable": selectable,
        "ratable": on_rated is not None,
        "size": size,
        "ratio": ratio,
        "expected": expected,
        "poll": poll_url,
        "workspace": workspace,
        "thumb": thumb,
        "round": selection_round,
        "reveal": reveal,
        "inView": in_view,
        "actions": list(actions),
    }

    def rated() -> None:
        event = st.session_state[key].get("rated")
        groups: dict[int, list[str]] = {}
        for tile_id, rating in event["stars"] if event else ():
            groups.setdefault(int(rating), []).append(str(tile_id))
        for rating, ids in groups.items():
            if on_rated:
                on_rated(ids, rating)

    result = _component(
        key=key,
        data=data,
        on_selected_change=ignore,
        on_opened_change=ignore,
        on_acted_change=ignore,
        on_rated_change=rated,
        on_filled_change=ignore,
    )
    selection, opened, acted = result.get("selected") or {}, result.get("opened"), result.get("acted")
    return PictureGridState(
        selected=[str(picture_id) for picture_id in selection.get("ids", ())]
        if selection.get("round", 0) == selection_round
        else [],
        opened=str(opened["id"]) if opened else None,
        acted=(str(acted["id"]), cast(TileAction, str(acted["action"]))) if acted else None,
    )


def _tile_json(tile: Tile) -> dict[str, Any]:
    return {
        "id": tile.id,
        "src": tile.src,
        "alt": tile.alt,
        "caption": tile.caption,
        "rating": tile.rating,
        "favourite": tile.favourite,
        "badges": [list(badge) for badge in tile.badges],
        "dim": tile.dim,
    }

"""The whole gallery in the browser: it fetches, searches, rates and compares over /api; Python wakes to open a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend import videos
from backend.boards import UndoEntry
from backend.generation import PictureCard, TileCard
from studio.components.load import ignore, load

_browse = load("gallery", "browse")
_viewer = load("gallery", "viewer")


@dataclass(frozen=True, slots=True)
class Wish:
    """What was just asked for, each once: a picture to open, pictures to animate."""

    opened: str | None
    animated: list[str]


def browse(
    key: str, *, workspace: str, tiles: list[TileCard], next_cursor: str | None, can_edit: bool, board_id: str = "",
    similar: TileCard | None = None, offer: UndoEntry | None = None,
) -> Wish:  # fmt: skip
    """`tiles`: the first page as Python read it, so that nothing waits for a second answer. `offer`: an act to undo."""
    data: dict[str, Any] = {
        "workspace": workspace, "board": board_id, "canEdit": can_edit, "filmsAtOnce": videos.MAX_PICTURES,
        "first": {"data": [plain(one) for one in tiles], "nextCursor": next_cursor},
        "similar": plain(similar) if similar else None,
        "offer": {"id": offer.id, "said": offer.said, "count": offer.count} if offer else None,
    }  # fmt: skip
    asked = _browse(key=key, data=data, on_opened_change=ignore, on_animated_change=ignore)
    opened, animated = asked.get("opened"), asked.get("animated")
    return Wish(str(opened["id"]) if opened else None, [str(one) for one in animated["ids"]] if animated else [])


def viewer(key: str, *, workspace: str, card: PictureCard, can_edit: bool, board_id: str = "") -> str | None:
    """A picture with zoom and neighbours. Returns the id of the picture people moved to, once; also runs the page when
    stars or heart were given by key."""
    data: dict[str, Any] = {
        "workspace": workspace, "board": board_id, "canEdit": can_edit, "id": card.id, "assetId": card.asset_id,
        "prompt": card.prompt, "width": card.width, "height": card.height, "favourite": card.favourite,
    }  # fmt: skip
    moved = _viewer(key=key, data=data, on_moved_change=ignore, on_changed_change=ignore).get("moved")
    return str(moved["id"]) if moved else None


def plain(card: TileCard) -> dict[str, Any]:
    """As the API says it."""
    return {
        "id": card.id, "assetId": card.asset_id, "prompt": card.prompt[:300], "rating": card.rating,
        "favourite": card.favourite, "seed": card.seed, "shape": card.shape, "source": card.source, "gate": card.gate,
        "identityScore": card.identity_score, "identityLine": card.identity_line,
    }  # fmt: skip

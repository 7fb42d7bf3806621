"""The whole gallery in the browser: it fetches, searches, rates and compares over /api; Python wakes to open a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend import content_plans, videos
from backend.gallery import TileCard, UndoEntry
from backend.generation import PictureCard
from backend.language import worded
from studio.ui.browser_component import ignore, load

_browse = load(__file__)
_viewer = load(__file__, "viewer")


@dataclass(frozen=True, slots=True)
class GalleryEvent:
    """What the user just asked for, set in one run only: a picture to open, pictures to animate, pictures for a post."""

    opened: str | None
    animated: list[str]
    for_post: list[str]


def browse(
    key: str,
    *,
    workspace: str,
    tiles: list[TileCard],
    next_cursor: str | None,
    can_edit: bool,
    board_id: str = "",
    similar: TileCard | None = None,
    offer: UndoEntry | None = None,
) -> GalleryEvent:
    """`tiles`: the first page, so that the browser needs no request to draw it. `offer`: an action shown with Undo."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "board": board_id,
        "canEdit": can_edit,
        "filmsAtOnce": videos.MAX_PICTURES,
        "filesInPost": content_plans.MAX_MEDIA,
        "first": {"data": [tile_json(item) for item in tiles], "nextCursor": next_cursor},
        "similar": tile_json(similar) if similar else None,
        "offer": {"id": offer.id, "said": worded(offer.said), "count": offer.count} if offer else None,
    }
    events = _browse(key=key, data=data, on_opened_change=ignore, on_animated_change=ignore, on_post_change=ignore)
    opened = events.get("opened")
    return GalleryEvent(str(opened["id"]) if opened else None, _ids(events.get("animated")), _ids(events.get("post")))


def _ids(event: dict[str, Any] | None) -> list[str]:
    return [str(picture_id) for picture_id in event["ids"]] if event else []


@dataclass(frozen=True, slots=True)
class ViewerEvent:
    """Set in one run only: the picture that the user moved to; the one that a post is to be made of."""

    moved_to: str | None
    for_post: str | None


def viewer(key: str, *, workspace: str, card: PictureCard, can_edit: bool, board_id: str = "") -> ViewerEvent:
    """A picture with zoom and neighbours. The page also runs after a rating or favourite was set by key."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "board": board_id,
        "canEdit": can_edit,
        "id": card.id,
        "assetId": card.asset_id,
        "prompt": card.prompt,
        "width": card.width,
        "height": card.height,
        "favourite": card.favourite,
    }
    events = _viewer(key=key, data=data, on_moved_change=ignore, on_changed_change=ignore, on_post_change=ignore)
    moved, post = events.get("moved"), events.get("post")
    return ViewerEvent(str(moved["id"]) if moved else None, str(post["id"]) if post else None)


def tile_json(card: TileCard) -> dict[str, Any]:
    """The tile in the API's form."""
    return {
        "id": card.id,
        "assetId": card.asset_id,
        "prompt": card.prompt[:300],
        "rating": card.rating,
        "favourite": card.favourite,
        "seed": card.seed,
        "shape": card.shape,
        "source": card.source,
        "gate": card.gate,
        "identityScore": card.identity_score,
        "identityLine": card.identity_line,
    }

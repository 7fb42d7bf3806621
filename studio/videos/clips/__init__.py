"""Videos as posters that play while they are pointed at; hearts by a click; more of them as people scroll."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.language import worded
from backend.videos import VideoCard, VideoFilters
from studio.ui.browser_component import ignore, load

_component = load(__file__)


@dataclass(frozen=True, slots=True)
class VideosEvent:
    """Set in one run only: a video to open; one that a post is to be made of."""

    opened: str | None
    for_post: str | None


def clips(
    key: str, *, workspace: str, cards: list[VideoCard], next_cursor: str | None, filters: VideoFilters, can_edit: bool
) -> VideosEvent:
    """`cards`: the first page as Python read it; the browser fetches what follows."""
    query = {
        "influencer": filters.influencer_id,
        "favourite": "true" if filters.favourite else "",
        "format": filters.format,
        "rating": filters.min_rating or "",
    }
    data: dict[str, Any] = {
        "workspace": workspace,
        "canEdit": can_edit,
        "asked": {name: value for name, value in query.items() if value},
        "first": {"data": [_clip_json(card) for card in cards], "nextCursor": next_cursor},
    }
    events = _component(key=key, data=data, on_opened_change=ignore, on_post_change=ignore)
    opened, post = events.get("opened"), events.get("post")
    return VideosEvent(str(opened["id"]) if opened else None, str(post["id"]) if post else None)


def _clip_json(card: VideoCard) -> dict[str, Any]:
    """The video in the API's form."""
    return {
        "id": card.id,
        "assetId": card.asset_id,
        "title": worded(card.recipe.title),
        "influencerName": card.influencer_name,
        "seconds": card.seconds,
        "favourite": card.favourite,
        "rating": card.rating,
        "width": card.width,
        "height": card.height,
    }

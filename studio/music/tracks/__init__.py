"""Tracks in a list: each with its waveform, played one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.language import tr_plural, worded
from backend.music import LICENCES, TrackCard, TrackUse
from studio.ui.browser_component import ignore, load
from studio.ui.format import media_url

_component = load(__file__)


def tracks(
    key: str, *, workspace: str, cards: Sequence[TrackCard], uses: Mapping[str, Sequence[TrackUse]], can_edit: bool
) -> str | None:
    """`uses`: track id -> where it is heard. Returns the id of a track that was just opened, in one run only."""
    data: dict[str, Any] = {
        "canEdit": can_edit,
        "tracks": [_track_json(workspace, card, uses.get(card.id, ())) for card in cards],
    }
    opened = _component(key=key, data=data, on_opened_change=ignore).get("opened")
    return str(opened["id"]) if opened else None


def sound_url(workspace: str, card: TrackCard) -> str:
    """Address of what is heard."""
    return f"/api/music/{card.id}/sound?workspace={workspace}" if card.bundled else media_url(workspace, card.asset_id or "")


def licence_title(licence: str) -> str:
    """What a track's licence is called, without what it asks for."""
    return worded(LICENCES.get(licence, licence)).partition(":")[0]


def _track_json(workspace: str, card: TrackCard, uses: Sequence[TrackUse]) -> dict[str, Any]:
    licence = licence_title(card.licence)
    return {
        "id": card.id,
        "title": card.title,
        "facts": " · ".join(fact for fact in (licence, card.credit or worded(card.note)) if fact),
        "uses": tr_plural("In {n:,} video", "In {n:,} videos", len(uses)) if uses else "",
        "seconds": card.seconds,
        "peaks": list(card.peaks),
        "source": sound_url(workspace, card),
        "isOwn": not card.bundled,
    }

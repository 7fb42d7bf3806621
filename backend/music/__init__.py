"""Music for videos and reels: the pieces that come along, and those of a workspace, each with what allows its use."""

from backend.music import undo_parts
from backend.music.film_sound import fetch
from backend.music.queries import choices, credit_of, find, get, page, usable, uses
from backend.music.rules import licence_title
from backend.music.schemas import (
    INBOX,
    LICENCES,
    UPLOAD_NOUN,
    NewTrack,
    TrackCard,
    TrackDraft,
    TrackPage,
    TrackUse,
    UsedTrack,
)
from backend.music.service import add, delete, erase, save, undelete

undo_parts.register_parts()

__all__ = [
    "INBOX",
    "LICENCES",
    "UPLOAD_NOUN",
    "NewTrack",
    "TrackCard",
    "TrackDraft",
    "TrackPage",
    "TrackUse",
    "UsedTrack",
    "add",
    "choices",
    "credit_of",
    "delete",
    "erase",
    "fetch",
    "find",
    "get",
    "licence_title",
    "page",
    "save",
    "undelete",
    "usable",
    "uses",
]

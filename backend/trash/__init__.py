"""The trash: deleted pictures, videos, reels, texts, posts, boards and music, until they come back or are gone for good."""

from backend.trash.queries import count, page
from backend.trash.schemas import KINDS, MAX_ITEMS, TrashCard, TrashItem, TrashKind, TrashPage
from backend.trash.service import empty, erase, purge_old, restore

__all__ = [
    "KINDS",
    "MAX_ITEMS",
    "TrashCard",
    "TrashItem",
    "TrashKind",
    "TrashPage",
    "count",
    "empty",
    "erase",
    "page",
    "purge_old",
    "restore",
]

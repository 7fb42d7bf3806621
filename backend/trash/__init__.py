"""The trash: deleted pictures, videos, texts, posts and music, until they are brought back or deleted for good."""

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

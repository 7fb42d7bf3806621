"""The inbox: what waits for a person, derived from the state of things. An entry is gone when its cause is."""

from backend.inbox.queries import count_entries, entries
from backend.inbox.schemas import ENTRY_KINDS, EntryKind, EntryPost, InboxCounts, InboxEntry

__all__ = [
    "ENTRY_KINDS",
    "EntryKind",
    "EntryPost",
    "InboxCounts",
    "InboxEntry",
    "count_entries",
    "entries",
]

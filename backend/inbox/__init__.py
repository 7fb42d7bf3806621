"""The inbox: what waits for a person, derived from the state of things (an entry is gone when its cause is), and what they are
told (until they have read it)."""

from backend.inbox.queries import count_entries, count_shared, entries
from backend.inbox.schemas import ENTRY_KINDS, WAITING_KINDS, EntryKind, EntryPost, InboxCounts, InboxEntry

__all__ = [
    "ENTRY_KINDS",
    "WAITING_KINDS",
    "EntryKind",
    "EntryPost",
    "InboxCounts",
    "InboxEntry",
    "count_entries",
    "count_shared",
    "entries",
]

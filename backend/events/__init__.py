"""Events: what happened, one row each, written in the transaction that made it true; and what of it can be undone."""

from backend.events import stream
from backend.events.service import EventRecord, list_for, record
from backend.events.undo_entries import mark_undone, purge_undo_entries

__all__ = ["EventRecord", "list_for", "mark_undone", "purge_undo_entries", "record", "stream"]

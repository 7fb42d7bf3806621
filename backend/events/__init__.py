"""Events: what happened, one row each, written in the transaction that made it true; and what people changed."""

from backend.events import stream
from backend.events.audit_values import HIDDEN, without_private
from backend.events.changes import record_change
from backend.events.origins import origin_columns
from backend.events.retention import Purge, purge
from backend.events.service import EventRecord, list_for, record

__all__ = [
    "HIDDEN",
    "EventRecord",
    "Purge",
    "list_for",
    "origin_columns",
    "purge",
    "record",
    "record_change",
    "stream",
    "without_private",
]

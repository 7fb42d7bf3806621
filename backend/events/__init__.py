"""Events: what happened, one row each, written in the transaction that made it true; and what people changed."""

from backend.events import audit_values, stream
from backend.events.changes import record_change
from backend.events.origins import origin_columns
from backend.events.retention import Purge, purge
from backend.events.service import EventRecord, list_for, record

__all__ = ["EventRecord", "Purge", "audit_values", "list_for", "origin_columns", "purge", "record", "record_change", "stream"]

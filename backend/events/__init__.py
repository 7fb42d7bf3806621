"""Events: what happened, one row each, written in the transaction that made it true."""

from backend.events import stream
from backend.events.service import EventRecord, list_for, record

__all__ = ["EventRecord", "list_for", "record", "stream"]

"""What happened: one row an event, written in the transaction that made it true."""

from backend.events.service import Happening, of, record

__all__ = ["Happening", "of", "record"]

"""Undo: what a person changed and how it is brought back, whatever it was. Slices say which verbs can be undone and how; pages
and routes only know the entry."""

from backend.undo.acts import mark_undone, record_act
from backend.undo.change_records import offered, undoable, watch
from backend.undo.entries import needed_role, purge, undo
from backend.undo.registry import Part, Values, columns, register, register_act, registered
from backend.undo.schemas import UndoOffer

__all__ = [
    "Part",
    "UndoOffer",
    "Values",
    "columns",
    "mark_undone",
    "needed_role",
    "offered",
    "purge",
    "record_act",
    "register",
    "register_act",
    "registered",
    "undo",
    "undoable",
    "watch",
]

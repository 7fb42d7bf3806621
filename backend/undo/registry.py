"""What can be undone: parts of things, each with how it is read and how it is set, and acts, each with how it is taken back.

A slice registers its parts when it is imported. A part is the values that one verb changes: the name of a LoRA, whether an
automation is paused, a whole hashtag set. Undoing sets what was there before, and only where the part is as the verb left it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db.transactions import Role

Values = dict[str, Any]
"""As JSON keeps them: texts, numbers, booleans, null, lists and objects."""
Read = Callable[[Session, str], Values | None]
Write = Callable[[Session, str, Values], object]


@dataclass(frozen=True, slots=True)
class Part:
    """`read`: the values of a thing (by its id), locked until the transaction ends; None: it is not there. `write`: sets such
    values, by a verb that checks them. `create`: makes the thing with its old values again; None: what was deleted stays so.
    `remove`: takes away what was not there before; None: what was made stays. `needs`: the role for it. `has_own_offer`: the
    page that changes it shows an undo itself, so no toast does."""

    verb: str
    read: Read
    write: Write
    create: Write | None = None
    remove: Callable[[Session, str], None] | None = None
    needs: Role = "editor"
    has_own_offer: bool = False


_parts: dict[str, Part] = {}
_acts: dict[str, Callable[[Session, str], object]] = {}


def register(part: Part) -> None:
    _parts[part.verb] = part


def register_act(noun: str, take_back: Callable[[Session, str], object]) -> None:
    """`take_back`: undoes the act with this id; it calls `mark_undone` first."""
    _acts[noun] = take_back


def part(verb: str) -> Part:
    return _parts[verb]


def act(verb: str) -> Callable[[Session, str], object] | None:
    """How an act (`picture.rate`) is taken back; None: it is no act."""
    return _acts.get(verb.partition(".")[0]) if verb not in _parts else None


def registered() -> Mapping[str, Part]:
    """Every part, by its verb."""
    return MappingProxyType(_parts)


def columns(table: Any, *names: str, where: Any = None) -> Read:
    """Reads columns of the row with this id. `where`: a condition that it must meet to be there."""
    selected = [getattr(table, name) for name in names]

    def read(tx: Session, row_id: str) -> Values | None:
        query = select(*selected).where(table.id == row_id, *([] if where is None else [where])).with_for_update()
        row = tx.execute(query).mappings().first()
        return None if row is None else {name: as_json(row[name]) for name in names}

    return read


def as_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value

"""Writes undo entries: a verb that is `undoable` keeps what it changed, together with the event that it wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import UndoRow
from backend.kit.ids import new_id
from backend.undo.registry import Values, part
from backend.undo.schemas import UndoOffer

P = ParamSpec("P")
T = TypeVar("T")
_OFFER = "undo_offer"


def undoable(verb: str) -> Callable[[Callable[Concatenate[Session, str, P], T]], Callable[Concatenate[Session, str, P], T]]:
    """A verb whose first arguments are the transaction and the id of the thing: what it changes of the part `verb` can be
    undone by the person who did it."""

    def decorate(function: Callable[Concatenate[Session, str, P], T]) -> Callable[Concatenate[Session, str, P], T]:
        @wraps(function)
        def run(tx: Session, noun_id: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            with watch(tx, verb, noun_id):
                return function(tx, noun_id, *args, **kwargs)

        return run

    return decorate


@contextmanager
def watch(tx: Session, verb: str, noun_id: str) -> Iterator[None]:
    """Keeps what the block changes of the part `verb` of a thing. Nothing is kept of what a job does, or of no change."""
    if not tx.info.get("user_id") or tx.info.get("job_id"):
        yield
        return
    read = part(verb).read
    before = read(tx, noun_id)
    tx.info.pop("last_event_id", None)
    yield
    tx.flush()
    after = read(tx, noun_id)
    if after != before:
        _record(tx, verb, noun_id, before, after)


def _record(tx: Session, verb: str, noun_id: str, before: Values | None, after: Values | None) -> None:
    row = UndoRow(id=new_id("act"), verb=verb, noun_id=noun_id, before=before, after=after)
    row.event_id, row.created_by = tx.info.get("last_event_id"), tx.info["user_id"]
    tx.add(row)
    tx.flush()
    events.record_change(tx, row.id, verb, noun_id, before=before, after=after, event_id=row.event_id)
    tx.info[_OFFER] = UndoOffer(row.id, verb, noun_id, has_own_offer=part(verb).has_own_offer)


def offered(tx: Session) -> UndoOffer | None:
    """The entry of what `tx` did last, for a toast with an undo; also after the commit. None: it changed nothing that can be
    undone."""
    return tx.info.get(_OFFER)

"""What the caller did in the workspace, and its undo."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from backend import history, undo
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope
from backend.history import NounGroup
from backend.language import worded

router = APIRouter(prefix="/history", tags=["history"])
Take = Annotated[int, Query(ge=1, le=200)]
Text = Annotated[str, Query(max_length=80)]


class HistoryEntryResponse(ApiModel):
    """`canUndo`: POST /history/{id}/undo may take it back; else `whyNot` says why not. `undoneAt`: when that was done."""

    id: str
    kind: str
    noun: str
    noun_id: str
    text: str
    at: datetime
    can_undo: bool
    undone_at: datetime | None
    why_not: str


class HistoryResponse(ApiModel):
    data: list[HistoryEntryResponse]
    next_cursor: str | None


class UndoneResponse(ApiModel):
    """`message`: for whoever is shown it."""

    message: str


@router.get("", dependencies=[needs_scope("workspace")])
def list_history(
    app: Studio,
    caller: Caller,
    group: Annotated[NounGroup | None, Query(description="only of these things; without it all")] = None,
    take: Take = 50,
    cursor: Text = "",
) -> HistoryResponse:
    """Your own acts, newest first: nobody else's, whatever your role. Of a key, those of the person who made it."""
    with app.db.transaction(caller) as tx:
        history_page = history.page(tx, user_id=str(tx.info["user_id"]), group=group, cursor=cursor or None, take=take)
    entries = [
        HistoryEntryResponse(
            id=entry.id,
            kind=entry.kind,
            noun=entry.noun,
            noun_id=entry.noun_id,
            text=worded(entry.sentence),
            at=entry.at,
            can_undo=entry.can_undo,
            undone_at=entry.undone_at,
            why_not=worded(entry.why_not),
        )
        for entry in history_page.entries
    ]
    return HistoryResponse(data=entries, next_cursor=history_page.next_cursor)


@router.post("/{history_entry_id}/undo", dependencies=[needs_scope("workspace", "admin")])
def undo_history_entry(history_entry_id: str, app: Studio, caller: Caller) -> UndoneResponse:
    """Brings back what was there before, once. 409: it was changed again since, and stays as it is."""
    with app.db.transaction(caller) as tx:
        role = undo.needed_role(tx, history_entry_id)
    with app.db.transaction(caller, needs=role) as tx:
        undo.undo(tx, history_entry_id)
    return UndoneResponse(message="Undone.")

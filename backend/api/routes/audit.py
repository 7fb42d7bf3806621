"""The audit log of a workspace, for its owners."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from backend import accounts, audit
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope
from backend.audit import AuditFilters, Format, Source
from backend.history import NounGroup
from backend.language import worded

router = APIRouter(prefix="/audit", tags=["audit"], dependencies=[needs_scope("workspace", "admin")])
Take = Annotated[int, Query(ge=1, le=200)]
Text = Annotated[str, Query(max_length=80)]
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, with all that the filters leave.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}


class AuditEntryResponse(ApiModel):
    """`person`: "" where none stands behind it. `source`: page, program, key (`apiKey` names it), hook (the address of an
    automation), automation, command, or unknown. `before`, `after`: what changed; of texts that may be private, and of secrets,
    only that they changed (“…”)."""

    id: str
    at: datetime
    user_id: str
    person: str
    source: str
    api_key: str
    address: str
    user_agent: str
    kind: str
    noun: str
    noun_id: str
    name: str
    text: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditResponse(ApiModel):
    data: list[AuditEntryResponse]
    next_cursor: str | None


def filters_of(
    user_id: Annotated[Text, Query(alias="userId", description="only what this person did")] = "",
    source: Annotated[Source | None, Query(description="only what came from there")] = None,
    group: Annotated[NounGroup | None, Query(description="only about these things")] = None,
    noun_id: Annotated[Text, Query(alias="nounId", description="only about the thing with this id")] = "",
    since: Annotated[datetime | None, Query(description="included")] = None,
    until: Annotated[datetime | None, Query(description="not included")] = None,
    q: Annotated[Text, Query(description="part of a name of a person, key or thing, or of an address")] = "",
) -> AuditFilters:
    return AuditFilters(user_id, source, group, noun_id, _zoned(since), _zoned(until), q.strip())


def _zoned(at: datetime | None) -> datetime | None:
    """UTC, where the query names no zone."""
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


Filters = Annotated[AuditFilters, Depends(filters_of)]


@router.get("")
def list_audit(app: Studio, caller: Caller, filters: Filters, take: Take = 50, cursor: Text = "") -> AuditResponse:
    """Who did what, from where, to what, newest first; for owners. Kept for AUDIT_DAYS."""
    with app.db.transaction(caller, needs="owner") as tx:
        audit_page = audit.page(tx, filters, cursor=cursor or None, take=take)
        if accounts.is_operator(tx, app.settings, tx.info["user_id"]):
            audit.note_reading(tx)
    entries = [
        AuditEntryResponse.model_validate({"text": worded(entry.sentence), **_fields(entry)}) for entry in audit_page.entries
    ]
    return AuditResponse(data=entries, next_cursor=audit_page.next_cursor)


def _fields(entry: audit.AuditEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in AuditEntryResponse.model_fields if name != "text"}


@router.get("/export", response_class=StreamingResponse, responses=_FILES)
def export_audit(app: Studio, caller: Caller, filters: Filters, format: Format = "csv") -> StreamingResponse:
    """All that the filters leave, as CSV or JSON, streamed. Leaves an entry of its own in the log."""
    parts = audit.export(app.db, caller, filters, format)
    first = next(parts)  # refused here, before the answer begins
    media_type = "text/csv; charset=utf-8" if format == "csv" else "application/json"
    headers = {"Content-Disposition": f'attachment; filename="audit-log.{format}"', "Cache-Control": "no-store"}
    return StreamingResponse(_all_parts(first, parts), media_type=media_type, headers=headers)


def _all_parts(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield from chain((first,), rest)

"""The prompt library as files: templates and wildcards."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend import prompt_library
from backend.api.deps import Caller, Studio, needs_scope
from backend.storage import disposition

router = APIRouter(prefix="/recipes", tags=["recipes"], dependencies=[needs_scope("texts")])


@router.get("/export", response_class=Response)
def export(app: Studio, caller: Caller) -> Response:
    """All of them, as the Prompts page imports them."""
    with app.db.transaction(caller) as tx:
        text = prompt_library.export_json(tx)
    return _file("prompts.json", text, "application/json")


@router.get("/wildcards/{wildcard_id}", response_class=Response)
def wildcard(wildcard_id: str, app: Studio, caller: Caller) -> Response:
    """One list, a line a choice."""
    with app.db.transaction(caller) as tx:
        card = prompt_library.wildcard(tx, wildcard_id)
    return _file(f"{card.name.replace('/', '-')}.txt", "\n".join(card.lines) + "\n", "text/plain")


def _file(name: str, text: str, kind: str) -> Response:
    headers = {"content-disposition": disposition(name), "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(text, headers=headers, media_type=f"{kind}; charset=utf-8")

"""Boards over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import Field

from backend import gallery
from backend.api.api_model import ApiModel, Listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.etags import IfMatch, require_match, set_etag
from backend.api.routes.jobs import JobResponse, job_response
from backend.api.routes.pictures import ActWords
from backend.gallery import ArchiveDraft, BoardDraft
from backend.kit.ids import new_id

router = APIRouter(prefix="/boards", tags=["boards"], dependencies=[needs_scope("images")])
Key = Annotated[str, Header(max_length=200)]


class BoardWords(ApiModel):
    """`covers`: up to four asset ids; `more`: it has more than `count` pictures."""

    id: str
    name: str
    notes: str
    covers: list[str]
    count: int
    more: bool
    archived_at: datetime | None
    updated_at: datetime


class BoardSaid(ApiModel):
    name: str
    notes: str = ""


class Move(ApiModel):
    """Puts these pictures, in this order, in front of the picture `before`; without it at the end."""

    picture_ids: list[str] = Field(max_length=gallery.MAX_PICTURES)
    before: str | None = None


@router.get("")
def listing(app: Studio, caller: Caller, archived: bool = False) -> Listing[BoardWords]:
    with app.db.transaction(caller) as tx:
        data = [BoardWords.model_validate(card) for card in gallery.list_boards(tx, archived=archived)]
    return Listing(data=data, total=len(data), take=len(data), skip=0)


@router.post("", status_code=201)
def create(body: BoardSaid, app: Studio, caller: Caller, response: Response) -> BoardWords:
    with app.db.transaction(caller, needs="editor") as tx:
        card = gallery.create_board(tx, draft=BoardDraft(name=body.name, notes=body.notes))
    response.headers["location"] = f"/api/boards/{card.id}?workspace={caller.tenant_id}"
    return BoardWords.model_validate(card)


@router.get("/{board_id}")
def one(board_id: str, app: Studio, caller: Caller, response: Response) -> BoardWords:
    with app.db.transaction(caller) as tx:
        card = gallery.get_board(tx, board_id)
    set_etag(response, card.updated_at)
    return BoardWords.model_validate(card)


@router.put("/{board_id}")
def edit(board_id: str, body: BoardSaid, app: Studio, caller: Caller, if_match: IfMatch = "") -> BoardWords:
    with app.db.transaction(caller, needs="editor") as tx:
        require_match(if_match, gallery.get_board(tx, board_id).updated_at, "board")
        return BoardWords.model_validate(gallery.edit_board(tx, board_id, draft=BoardDraft(name=body.name, notes=body.notes)))


@router.delete("/{board_id}")
def delete(board_id: str, app: Studio, caller: Caller, idempotency_key: Key = "") -> ActWords:
    """Its pictures stay in the gallery; undone by `/api/pictures/acts/<id>/undo`."""
    with app.db.transaction(caller, needs="editor") as tx:
        return ActWords.model_validate(gallery.delete_board(tx, board_id, request_key=idempotency_key or new_id("key")))


@router.post("/{board_id}/order")
def arrange(board_id: str, move: Move, app: Studio, caller: Caller, idempotency_key: Key = "") -> ActWords:
    with app.db.transaction(caller, needs="editor") as tx:
        key = idempotency_key or new_id("key")
        return ActWords.model_validate(
            gallery.arrange_board(tx, board_id, picture_ids=move.picture_ids, before=move.before, request_key=key)
        )


@router.post("/{board_id}/archive", status_code=201)
def archive(board_id: str, app: Studio, caller: Caller, recipe: bool = False, idempotency_key: Key = "") -> JobResponse:
    """The whole board as a ZIP with a manifest, made by a job; its result names the asset to download."""
    draft = ArchiveDraft(board_id=board_id, with_recipe=recipe)
    with app.db.transaction(caller, needs="editor") as tx:
        return job_response(gallery.start_archive(tx, draft=draft, request_key=idempotency_key or new_id("key")))

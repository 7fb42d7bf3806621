"""Boards over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import Field, StrictBool

from backend import gallery
from backend.api.api_model import ApiModel, ApiRequest, Listing, Skip, Take, sliced
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.etags import IfMatch, require_match, set_etag
from backend.api.routes.jobs import JobResponse, job_response
from backend.api.routes.pictures import PictureActResponse
from backend.gallery import ArchiveDraft, BoardDraft
from backend.kit.ids import new_id

router = APIRouter(prefix="/boards", tags=["boards"], dependencies=[needs_scope("images")])
Key = Annotated[str, Header(max_length=200)]


class BoardResponse(ApiModel):
    """`covers`: up to four asset ids; `more`: it has more than `count` pictures."""

    id: str
    name: str
    notes: str
    covers: list[str]
    count: int
    more: bool
    archived_at: datetime | None
    updated_at: datetime


class BoardRequest(ApiRequest):
    name: str
    notes: str = ""


class BoardChangeRequest(ApiRequest):
    """`coverPictureId` null: the board's first picture."""

    archived: StrictBool | None = Field(None, examples=[True])
    cover_picture_id: str | None = None


class BoardOrderRequest(ApiRequest):
    """Puts these pictures, in this order, in front of the picture `before`; without it at the end."""

    picture_ids: list[str] = Field(max_length=gallery.MAX_PICTURES)
    before: str | None = None


@router.get("")
def list_boards(
    app: Studio, caller: Caller, response: Response, archived: bool = False, take: Take = None, skip: Skip = 0
) -> Listing[BoardResponse]:
    """Last changed first. `archived`: only archived ones, else only the others."""
    with app.db.transaction(caller) as tx:
        cards = gallery.list_boards(tx, archived=archived)
    return sliced(response, cards, BoardResponse, take=take, skip=skip)


@router.post("", status_code=201)
def create_board(body: BoardRequest, app: Studio, caller: Caller, response: Response) -> BoardResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        card = gallery.create_board(tx, draft=BoardDraft(name=body.name, notes=body.notes))
    response.headers["location"] = f"/api/boards/{card.id}?workspace={caller.tenant_id}"
    return BoardResponse.model_validate(card)


@router.get("/{board_id}")
def get_board(board_id: str, app: Studio, caller: Caller, response: Response) -> BoardResponse:
    with app.db.transaction(caller) as tx:
        card = gallery.get_board(tx, board_id)
    set_etag(response, card.updated_at)
    return BoardResponse.model_validate(card)


@router.put("/{board_id}")
def put_board(board_id: str, body: BoardRequest, app: Studio, caller: Caller, if_match: IfMatch = "") -> BoardResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        require_match(if_match, gallery.get_board(tx, board_id).updated_at, "board")
        return BoardResponse.model_validate(
            gallery.edit_board(tx, board_id, draft=BoardDraft(name=body.name, notes=body.notes))
        )


@router.patch("/{board_id}")
def change_board(board_id: str, body: BoardChangeRequest, app: Studio, caller: Caller, if_match: IfMatch = "") -> BoardResponse:
    """Its cover, and whether it is in the archive; what is left out stays."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = gallery.get_board(tx, board_id)
        require_match(if_match, card.updated_at, "board")
        if "cover_picture_id" in body.model_fields_set:
            gallery.set_board_cover(tx, board_id, body.cover_picture_id)
        if body.archived is not None and body.archived != (card.archived_at is not None):
            gallery.archive_board(tx, board_id, archived=body.archived, request_key=new_id("key"))
        return BoardResponse.model_validate(gallery.get_board(tx, board_id))


@router.delete("/{board_id}")
def delete_board(board_id: str, app: Studio, caller: Caller, idempotency_key: Key = "") -> PictureActResponse:
    """Its pictures stay in the gallery; undone by `/api/pictures/acts/<id>/undo`."""
    with app.db.transaction(caller, needs="editor") as tx:
        return PictureActResponse.model_validate(
            gallery.delete_board(tx, board_id, request_key=idempotency_key or new_id("key"))
        )


@router.post("/{board_id}/order")
def arrange_board(
    board_id: str, move: BoardOrderRequest, app: Studio, caller: Caller, idempotency_key: Key = ""
) -> PictureActResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        key = idempotency_key or new_id("key")
        return PictureActResponse.model_validate(
            gallery.arrange_board(tx, board_id, picture_ids=move.picture_ids, before=move.before, request_key=key)
        )


@router.post("/{board_id}/archive", status_code=201)
def download_board(board_id: str, app: Studio, caller: Caller, recipe: bool = False, idempotency_key: Key = "") -> JobResponse:
    """The whole board as a ZIP with a manifest, made by a job; its result names the asset to download."""
    draft = ArchiveDraft(board_id=board_id, with_recipe=recipe)
    with app.db.transaction(caller, needs="editor") as tx:
        return job_response(gallery.start_archive(tx, draft=draft, request_key=idempotency_key or new_id("key")))

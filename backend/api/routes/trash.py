"""The trash: what was deleted, brought back or deleted for good."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from backend import trash
from backend.api.api_model import ApiModel, ApiRequest
from backend.api.deps import Caller, OwnOrigin, Studio, require_scope
from backend.db.transactions import Member
from backend.trash import KINDS, MAX_ITEMS, TrashItem, TrashKind

router = APIRouter(prefix="/trash", tags=["trash"], dependencies=[OwnOrigin])
Take = Annotated[int, Query(ge=1, le=200)]
Text = Annotated[str, Query(max_length=200)]
Kind = Annotated[TrashKind | None, Query(description="one kind; without it all")]
SCOPE_NOUNS: dict[str, str] = {
    "picture": "images",
    "video": "videos",
    "reel": "videos",
    "text": "texts",
    "post": "posts",
    "board": "images",
    "track": "videos",
    "lora": "loras",
    "dataset": "datasets",
}


class TrashItemRequest(ApiRequest):
    kind: TrashKind = Field(examples=["picture"])
    id: str = Field(examples=["pic_0190"])


class TrashItemsRequest(ApiRequest):
    items: list[TrashItemRequest] = Field(max_length=MAX_ITEMS)

    def chosen(self) -> list[TrashItem]:
        return [TrashItem(kind=item.kind, id=item.id) for item in self.items]


class TrashItemResponse(ApiModel):
    """`title`: its prompt, text, topic or name. `assetId` "": it has no picture."""

    kind: TrashKind
    id: str
    title: str
    asset_id: str
    influencer_id: str
    influencer_name: str
    deleted_at: datetime


class TrashResponse(ApiModel):
    """`counts`: of each kind, whatever the filters. `days`: how long things are kept."""

    data: list[TrashItemResponse]
    next_cursor: str | None
    counts: dict[str, int]
    days: int


class TrashDoneResponse(ApiModel):
    """`count`: how many things were brought back, or deleted for good."""

    count: int


def _require_scopes(caller: Member, kinds: Iterable[TrashKind], verb: str) -> None:
    for kind in sorted(set(kinds)):
        require_scope(caller, f"{SCOPE_NOUNS[kind]}:{verb}")


@router.get("")
def list_trash(
    app: Studio, caller: Caller, kind: Kind = None, influencer: Text = "", take: Take = 50, cursor: Text = ""
) -> TrashResponse:
    """Deleted last comes first. Without `kind` a key needs the scopes of all kinds."""
    kinds = (kind,) if kind else KINDS
    _require_scopes(caller, kinds, "read")
    with app.db.transaction(caller) as tx:
        trash_page = trash.page(tx, kinds=kinds, influencer_id=influencer, cursor=cursor or None, take=take)
        counts = trash.count(tx)
    return TrashResponse(
        data=[TrashItemResponse.model_validate(card) for card in trash_page.cards],
        next_cursor=trash_page.next_cursor,
        counts={name: counts[name] for name in kinds},
        days=app.settings.retention.trash_days,
    )


@router.post("/restore")
def restore_trash(body: TrashItemsRequest, app: Studio, caller: Caller) -> TrashDoneResponse:
    """All or none; texts become drafts again, posts get their date back."""
    _require_scopes(caller, (item.kind for item in body.items), "write")
    with app.db.transaction(caller, needs="editor") as tx:
        return TrashDoneResponse(count=trash.restore(tx, body.chosen()))


@router.post("/erase")
def erase_trash(body: TrashItemsRequest, app: Studio, caller: Caller) -> TrashDoneResponse:
    """Deletes for good, all or none; what was published stays on its platform."""
    _require_scopes(caller, (item.kind for item in body.items), "write")
    with app.db.transaction(caller, needs="editor") as tx:
        return TrashDoneResponse(count=trash.erase(tx, body.chosen()))


@router.delete("")
def empty_trash(app: Studio, caller: Caller, kind: Kind = None) -> TrashDoneResponse:
    """Deletes everything in it for good, or everything of one kind."""
    kinds = (kind,) if kind else KINDS
    _require_scopes(caller, kinds, "write")
    with app.db.transaction(caller, needs="editor") as tx:
        return TrashDoneResponse(count=trash.empty(tx, kinds))

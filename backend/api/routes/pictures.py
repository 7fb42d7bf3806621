"""The gallery over HTTP: lists by cursor, search, bulk actions and their undo, downloads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Header, Query, Response
from pydantic import Field, StrictBool
from starlette.responses import JSONResponse, StreamingResponse

from backend import gallery, generation, influencers, loras
from backend.api.api_model import ApiModel, ApiRequest, Day
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.job_requests import to_snake_keys
from backend.api.routes.jobs import JobResponse, job_response
from backend.gallery import ArchiveDraft, BulkActionDraft, GalleryFilters, TileCard
from backend.generation import PictureCard
from backend.kit.ids import new_id
from backend.storage import disposition

router = APIRouter(prefix="/pictures", tags=["pictures"], dependencies=[needs_scope("images")])
MAX_TAKE = 200


async def query_filters(
    q: Annotated[str, Query(max_length=500, description="words and terms, as typed above the gallery")] = "",
    influencer: str | None = None,
    lora: str | None = None,
    board: str | None = None,
    rating: Annotated[int, Query(ge=0, le=5, description="at least")] = 0,
    favourite: bool = False,
    size: Literal["", "square", "portrait", "landscape"] = "",
    source: Literal["", "made", "imported"] = "",
    date_from: Annotated[Day | None, Query(alias="from")] = None,
    date_to: Annotated[Day | None, Query(alias="until")] = None,
    order: Literal["newest", "oldest", "best", "board"] = "newest",
    gate: Literal["open", "held", "rejected", "any"] = "open",
) -> GalleryFilters:
    return GalleryFilters(
        text=q,
        influencer_id=influencer or None,
        lora_id=lora or None,
        board_id=board or None,
        min_rating=rating,
        favourite=favourite,
        shape=size,
        source=source,
        date_from=date_from,
        date_to=date_to,
        order=order,
        gate=gate,
    )


Filters = Annotated[GalleryFilters, Depends(query_filters)]
Key = Annotated[str, Header(max_length=200)]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]
"""(id, name), as a list: client generators do not understand OpenAPI's tuples."""


class PictureActResponse(ApiModel):
    id: str
    kind: str
    said: str
    count: int
    created_at: datetime
    undone_at: datetime | None


class PictureResponse(ApiModel):
    id: str
    asset_id: str
    prompt: str
    negative_prompt: str
    seed: int
    rating: int
    favourite: bool
    width: int
    height: int
    model: str
    steps: int
    cfg: float
    sampler: str
    loras: list[dict[str, Any]]
    influencer_name: str | None
    source: str
    created_at: datetime


class PictureArchiveRequest(ApiRequest):
    """What goes into the ZIP, unless the query has `all`. `name`: of the file, without its ending."""

    picture_ids: list[str] = Field(default_factory=list, max_length=gallery.MAX_PICTURES)
    name: str = Field("pictures", max_length=80)
    with_recipe: StrictBool = False


def tile(card: TileCard) -> dict[str, Any]:
    """A tile's JSON. Built by hand: 60 of them take a tenth of the time of 60 pydantic models."""
    return {
        "id": card.id,
        "assetId": card.asset_id,
        "prompt": card.prompt[:300],
        "rating": card.rating,
        "favourite": card.favourite,
        "seed": card.seed,
        "shape": card.shape,
        "source": card.source,
        "createdAt": card.created_at.isoformat(),
        "gate": card.gate,
        "identityScore": card.identity_score,
        "identityLine": card.identity_line,
    }


@router.get("")
def list_pictures(
    app: Studio,
    caller: Caller,
    filters: Filters,
    cursor: str | None = None,
    take: Annotated[int, Query(ge=1, le=MAX_TAKE)] = 60,
    total: Annotated[bool, Query(description="count them too (to 10,000), which takes longer than the page")] = True,
) -> JSONResponse:
    """One page: `data` and `nextCursor` (null: the end). `total` is null when it was not asked for, and stops at 10,000."""
    page = gallery.read_tiles(app.db, caller, filters=filters, cursor=cursor, take=take)
    count = None
    if total:
        count = app.db.read_list(caller, lambda tx: gallery.count(tx, filters=filters)).n
    answer = {"data": [tile(card) for card in page.tiles], "total": count, "take": take, "skip": 0}
    headers = {} if count is None else {"x-total-count": str(count)}
    return JSONResponse({**answer, "nextCursor": page.next_cursor}, headers=headers)


@router.get("/count")
def count_pictures(app: Studio, caller: Caller, filters: Filters) -> dict[str, Any]:
    """`total` stops at 10,000; then `more` is true."""
    counted = app.db.read_list(caller, lambda tx: gallery.count(tx, filters=filters))
    return {"total": counted.n, "more": counted.more}


@router.get("/facets")
def list_picture_facets(app: Studio, caller: Caller) -> dict[str, list[Pair]]:
    """Values to filter by: (id, name) of influencers and LoRAs."""
    with app.db.transaction(caller) as tx:
        influencer_cards, lora_cards = influencers.page(tx, take=MAX_TAKE).cards, loras.page(tx, take=MAX_TAKE).cards
    return {
        "influencers": [[card.id, card.name] for card in influencer_cards],
        "loras": [[card.id, card.name] for card in lora_cards],
    }


@router.get("/acts")
def list_picture_acts(
    app: Studio, caller: Caller, take: Annotated[int, Query(ge=1, le=50)] = 10
) -> dict[str, list[PictureActResponse]]:
    """The caller's last bulk actions, newest first."""
    with app.db.transaction(caller) as tx:
        return {"data": [PictureActResponse.model_validate(entry) for entry in gallery.recent_actions(tx, take=take)]}


@router.post("/acts", status_code=201)
def act_on_pictures(
    action: Annotated[dict[str, Any], Body(title="Said")],
    app: Studio,
    caller: Caller,
    filters: Filters,
    everything: Annotated[bool, Query(alias="all", description="on all that the address's filters leave")] = False,
    idempotency_key: Key = "",
) -> PictureActResponse:
    """`kind` and its values (`BulkActionDraft`, camelCase): rate, favourite, delete, or board-add, board-remove, board-move.

    At most 5,000 pictures; `count` is how many were changed. Undone by `/acts/<id>/undo`.
    """
    draft = BulkActionDraft(**to_snake_keys(action))
    with app.db.transaction(caller, needs="editor") as tx:
        undo_entry = gallery.act(
            tx, draft=draft, filters=filters if everything else None, request_key=idempotency_key or new_id("key")
        )
    return PictureActResponse.model_validate(undo_entry)


@router.post("/archive", status_code=201)
def download_pictures(
    pack: PictureArchiveRequest,
    app: Studio,
    caller: Caller,
    filters: Filters,
    everything: Annotated[bool, Query(alias="all")] = False,
    idempotency_key: Key = "",
) -> JobResponse:
    """A ZIP with a manifest, made by a job; its result names the asset to download."""
    draft = ArchiveDraft(picture_ids=tuple(pack.picture_ids), name=pack.name, with_recipe=pack.with_recipe)
    with app.db.transaction(caller, needs="editor") as tx:
        key = idempotency_key or new_id("key")
        return job_response(gallery.start_archive(tx, draft=draft, filters=filters if everything else None, request_key=key))


@router.post("/acts/{act_id}/undo")
def undo_picture_act(act_id: str, app: Studio, caller: Caller) -> PictureActResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return PictureActResponse.model_validate(gallery.undo(tx, act_id))


@router.get("/{picture_id}")
def get_picture(picture_id: str, app: Studio, caller: Caller) -> PictureResponse:
    """One picture with what it was drawn with."""
    with app.db.transaction(caller) as tx:
        return picture_response(generation.picture(tx, picture_id))


def picture_response(card: PictureCard) -> PictureResponse:
    recipe = card.recipe
    return PictureResponse(
        id=card.id,
        asset_id=card.asset_id,
        prompt=card.prompt,
        seed=card.seed,
        rating=card.rating,
        favourite=card.favourite,
        width=card.width,
        height=card.height,
        negative_prompt=recipe.negative_prompt,
        model=recipe.model,
        steps=recipe.steps,
        cfg=recipe.cfg,
        sampler=recipe.sampler,
        loras=[{"name": ref.name, "weight": ref.weight} for ref in recipe.loras],
        influencer_name=card.influencer_name,
        source=card.source,
        created_at=card.created_at,
    )


@router.get("/{picture_id}/file", response_class=Response)
def get_picture_file(picture_id: str, app: Studio, caller: Caller, recipe: bool = False) -> Response:
    """The picture as a download; `recipe`: with its prompt and settings in the file's metadata, as other programs read them."""
    with app.db.transaction(caller) as tx:
        download = gallery.picture_file(tx, picture_id, with_recipe=recipe)
    headers = {"content-disposition": disposition(download.filename), "cache-control": "private, no-store"}
    return StreamingResponse(download.open(app.storage), media_type=download.content_type, headers=headers)


@router.get("/{picture_id}/around")
def get_picture_neighbours(picture_id: str, app: Studio, caller: Caller, filters: Filters) -> dict[str, Any]:
    """The pictures before and after this one in the same list."""
    with app.db.transaction(caller) as tx:
        before, after = gallery.neighbours(tx, picture_id, filters=filters)
    return {"before": tile(before) if before else None, "after": tile(after) if after else None}


@router.get("/{picture_id}/similar")
def list_similar_pictures(
    picture_id: str, app: Studio, caller: Caller, take: Annotated[int, Query(ge=1, le=MAX_TAKE)] = 60
) -> dict[str, list[dict[str, Any]]]:
    """Pictures that look alike, closest first; `distance`: how many of the 64 bits of the two hashes differ."""
    gallery.ensure_hash(lambda: app.db.transaction(caller), app.storage, picture_id)
    with app.db.transaction(caller) as tx:
        pictures = gallery.similar(tx, picture_id, take=take)
    return {"data": [{**tile(card), "distance": distance} for card, distance in pictures]}

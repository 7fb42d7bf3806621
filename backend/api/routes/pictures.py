"""The gallery over HTTP: what its page asks while people scroll, search, compare and act. Pages by cursor, never by number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field, StrictBool
from starlette.responses import JSONResponse, StreamingResponse

from backend import boards, generation, influencers, loras
from backend.api.api_model import Day, Words
from backend.api.deps import Caller, OwnOrigin, Studio
from backend.api.job_requests import snake
from backend.api.routes.jobs import JobWords
from backend.boards import ArchiveDraft, BulkActionDraft
from backend.generation import GalleryFilters, TileCard
from backend.kit.ids import new_id
from backend.storage import disposition

router = APIRouter(prefix="/pictures", tags=["pictures"], dependencies=[OwnOrigin])
MOST = 200


async def filters(
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
        text=q, influencer_id=influencer or None, lora_id=lora or None, board_id=board or None, min_rating=rating,
        favourite=favourite, shape=size, source=source, date_from=date_from, date_to=date_to, order=order, gate=gate,
    )  # fmt: skip


Filters = Annotated[GalleryFilters, Depends(filters)]
Key = Annotated[str, Header(max_length=200)]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]
"""(id, name), as a list: programs that read the description stumble over tuples."""


class ActWords(Words):
    id: str
    kind: str
    said: str
    count: int
    created_at: datetime
    undone_at: datetime | None


class RecipeWords(Words):
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


class Pack(Words):
    """What goes into the ZIP, unless the address says `all`. `name`: what the file is called."""

    picture_ids: list[str] = Field(default_factory=list, max_length=boards.MAX_PICTURES)
    name: str = Field("pictures", max_length=80)
    with_recipe: StrictBool = False


def tile(card: TileCard) -> dict[str, Any]:
    """By hand: a page of 60 in a tenth of the time that 60 models take."""
    return {
        "id": card.id, "assetId": card.asset_id, "prompt": card.prompt[:300], "rating": card.rating,
        "favourite": card.favourite, "seed": card.seed, "shape": card.shape, "source": card.source,
        "createdAt": card.created_at.isoformat(), "gate": card.gate, "identityScore": card.identity_score,
        "identityLine": card.identity_line,
    }  # fmt: skip


@router.get("")
def listing(
    app: Studio, caller: Caller, wanted: Filters, cursor: str | None = None, take: Annotated[int, Query(ge=1, le=MOST)] = 60
) -> JSONResponse:
    """One page: `data` and `nextCursor` (null: the end). Totals are asked apart (`/count`): they cost more than a page."""
    page = generation.read_tiles(app.db, caller, filters=wanted, cursor=cursor, take=take)
    return JSONResponse({"data": [tile(one) for one in page.tiles], "take": take, "nextCursor": page.next_cursor})


@router.get("/count")
def count(app: Studio, caller: Caller, wanted: Filters) -> dict[str, Any]:
    """`total` stops at 10,000; then `more` is true."""
    with app.db.transaction(caller) as tx:
        found = generation.count(tx, filters=wanted)
    return {"total": found.n, "more": found.more}


@router.get("/facets")
def facets(app: Studio, caller: Caller) -> dict[str, list[Pair]]:
    """What can be filtered by: (id, name) of influencers and LoRAs."""
    with app.db.transaction(caller) as tx:
        people, library = influencers.page(tx, take=MOST).cards, loras.page(tx, take=MOST).cards
    return {"influencers": [[one.id, one.name] for one in people], "loras": [[one.id, one.name] for one in library]}


@router.get("/acts")
def lately(app: Studio, caller: Caller, take: Annotated[int, Query(ge=1, le=50)] = 10) -> dict[str, list[ActWords]]:
    """What the caller did last, newest first."""
    with app.db.transaction(caller) as tx:
        return {"data": [ActWords.model_validate(one) for one in boards.recent(tx, take=take)]}


@router.post("/acts", status_code=201)
def act(
    said: dict[str, Any],
    app: Studio,
    caller: Caller,
    wanted: Filters,
    everything: Annotated[bool, Query(alias="all", description="on all that the address's filters leave")] = False,
    idempotency_key: Key = "",
) -> ActWords:
    """`kind` and its values (`BulkActionDraft`, camelCase): rate, favourite, delete, or board-add, board-remove, board-move.

    At most 5,000 pictures; `count` says how many it were. Undone by `/acts/<id>/undo`.
    """
    draft = BulkActionDraft(**snake(said))
    with app.db.transaction(caller, needs="editor") as tx:
        done = boards.act(tx, draft=draft, filters=wanted if everything else None, request_key=idempotency_key or new_id("key"))
    return ActWords.model_validate(done)


@router.post("/archive", status_code=201)
def archive(
    pack: Pack,
    app: Studio,
    caller: Caller,
    wanted: Filters,
    everything: Annotated[bool, Query(alias="all")] = False,
    idempotency_key: Key = "",
) -> JobWords:
    """A ZIP with a manifest, made by a job; its result names the asset to download."""
    draft = ArchiveDraft(picture_ids=tuple(pack.picture_ids), name=pack.name, with_recipe=pack.with_recipe)
    with app.db.transaction(caller, needs="editor") as tx:
        key = idempotency_key or new_id("key")
        return JobWords.model_validate(
            boards.start_archive(tx, draft=draft, filters=wanted if everything else None, request_key=key)
        )


@router.post("/acts/{act_id}/undo")
def undo(act_id: str, app: Studio, caller: Caller) -> ActWords:
    with app.db.transaction(caller, needs="editor") as tx:
        return ActWords.model_validate(boards.undo(tx, act_id))


@router.get("/{picture_id}")
def one(picture_id: str, app: Studio, caller: Caller) -> RecipeWords:
    with app.db.transaction(caller) as tx:
        card = generation.picture(tx, picture_id)
    recipe = card.recipe
    return RecipeWords(
        id=card.id, asset_id=card.asset_id, prompt=card.prompt, seed=card.seed, rating=card.rating, favourite=card.favourite,
        width=card.width, height=card.height, negative_prompt=recipe.negative_prompt, model=recipe.model, steps=recipe.steps,
        cfg=recipe.cfg, sampler=recipe.sampler,
        loras=[{"name": ref.name, "weight": ref.weight} for ref in recipe.loras], influencer_name=card.influencer_name,
        source=card.source, created_at=card.created_at,
    )  # fmt: skip


@router.get("/{picture_id}/file", response_class=Response)
def file(picture_id: str, app: Studio, caller: Caller, recipe: bool = False) -> Response:
    """The picture as a download; `recipe`: with its prompt and settings written into the file, as other programs read them."""
    with app.db.transaction(caller) as tx:
        found = boards.picture_file(tx, picture_id, with_recipe=recipe)
    headers = {"content-disposition": disposition(found.filename), "cache-control": "private, no-store"}
    return StreamingResponse(found.open(app.storage), media_type=found.content_type, headers=headers)


@router.get("/{picture_id}/around")
def around(picture_id: str, app: Studio, caller: Caller, wanted: Filters) -> dict[str, Any]:
    """The pictures before and after this one in the same list."""
    with app.db.transaction(caller) as tx:
        before, after = generation.neighbours(tx, picture_id, filters=wanted)
    return {"before": tile(before) if before else None, "after": tile(after) if after else None}


@router.get("/{picture_id}/similar")
def similar(
    picture_id: str, app: Studio, caller: Caller, take: Annotated[int, Query(ge=1, le=MOST)] = 60
) -> dict[str, list[dict[str, Any]]]:
    """Those that look alike, closest first; `distance`: how many of 64 bits differ."""
    generation.ensure_hash(lambda: app.db.transaction(caller), app.storage, picture_id)
    with app.db.transaction(caller) as tx:
        found = generation.similar(tx, picture_id, take=take)
    return {"data": [{**tile(card), "distance": distance} for card, distance in found]}

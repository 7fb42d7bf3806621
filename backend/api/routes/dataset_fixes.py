"""What can be mended in a dataset: suggestions, near-duplicates, remarks of the import, sizes that pictures are cut to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from backend import datasets
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.dataset_captions import CaptionChangeResponse
from backend.api.routes.dataset_pictures import CountResponse, Key, MasksRequest, edit_key, picture_of, pictures_of

router = APIRouter(prefix="/datasets/{dataset_id}", tags=["datasets"], dependencies=[needs_scope("datasets")])
Side = Annotated[int, Query(ge=0, le=8192, description="px the model trains at")]


class FixResponse(ApiModel):
    """`key`: its name in addresses. `count`: how many pictures it is about."""

    key: str
    title: str
    count: int


class FixPreviewResponse(ApiModel):
    """`out`: pictures that would be left out; `kept`: the one of each group that stays; `captions`: those that would change."""

    title: str
    count: int
    out: list[str]
    kept: list[str]
    captions: list[CaptionChangeResponse]


class FixRequest(ApiRequest):
    """`imageIds`: only these, as the preview showed them; null: all that it is about now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"imageIds": ["img_…"]}]})

    image_ids: list[str] | None = Field(None, max_length=5000)


class NearDuplicatesResponse(ApiModel):
    """Pictures that look almost alike. `bestId`: the one to keep."""

    id: str
    best_id: str
    image_ids: list[str]


class ImportNoteResponse(ApiModel):
    """`filenames`: the first of the `count` pictures."""

    sentence: Worded
    count: int
    filenames: list[str]


class BucketResponse(ApiModel):
    """A size that pictures are scaled and cut to. `cut`: the largest share that one of them loses; `enlarged`: how many are
    smaller."""

    width: int
    height: int
    count: int
    cut: float
    enlarged: int


class BucketsResponse(ApiModel):
    """Largest first. `warning` "": nothing to say."""

    buckets: list[BucketResponse]
    warning: str


@router.get("/fixes")
def list_dataset_fixes(
    dataset_id: str, app: Studio, caller: Caller, response: Response, side: Side = 0
) -> Listing[FixResponse]:
    """What can be done about the problems of its pictures, the most urgent first."""
    with app.db.transaction(caller) as tx:
        stats = datasets.count_problems(tx, dataset_id, side=side)
        fixes = datasets.suggestions(stats, datasets.get(tx, dataset_id).trigger_word)
    return listing(response, [FixResponse.model_validate(fix) for fix in fixes])


@router.get("/fixes/{fix}")
def get_dataset_fix(dataset_id: str, fix: str, app: Studio, caller: Caller, side: Side = 0) -> FixPreviewResponse:
    """What it would change now."""
    with app.db.transaction(caller) as tx:
        datasets.get(tx, dataset_id)
        preview = datasets.preview_fix(tx, dataset_id, fix, side=side)
    return FixPreviewResponse(
        title=preview.title,
        count=preview.count,
        out=[card.id for card in preview.out],
        kept=[card.id for card in preview.kept],
        captions=[CaptionChangeResponse.model_validate(change) for change in preview.captions],
    )


@router.post("/fixes/{fix}")
def apply_dataset_fix(
    dataset_id: str, fix: str, body: FixRequest, app: Studio, caller: Caller, side: Side = 0, idempotency_key: Key = ""
) -> CountResponse:
    """Does it, as one edit that can be undone. 400 when there is nothing left to do."""
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.get_locked(tx, dataset_id)
        preview = datasets.preview_fix(tx, dataset_id, fix, side=side)
        shown = [card.id for card in preview.out] + [change.image_id for change in preview.captions]
        chosen = shown if body.image_ids is None else [image_id for image_id in shown if image_id in set(body.image_ids)]
        key = edit_key(f"fix:{fix}", dataset_id, idempotency_key)
        return CountResponse(
            count=datasets.apply_fix(tx, dataset_id, fix, image_ids=chosen or [""], side=side, request_key=key)
        )


@router.get("/near-duplicates")
def list_near_duplicates(
    dataset_id: str,
    app: Studio,
    caller: Caller,
    response: Response,
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=80)] = "",
) -> Listing[NearDuplicatesResponse]:
    """Groups of pictures that look almost alike and of which more than one is trained on, oldest first."""
    with app.db.transaction(caller) as tx:
        total = datasets.count_near_duplicate_groups(tx, dataset_id)
        groups = datasets.near_duplicate_groups(tx, dataset_id, cursor=cursor, take=take)
    data = [
        NearDuplicatesResponse(id=group.id, best_id=group.best_id, image_ids=[card.id for card in group.images])
        for group in groups
    ]
    return listing(response, data, total=total, take=take, cursor=groups[-1].id if len(groups) == take else None)


@router.post("/pictures/{image_id}/keep-only")
def keep_one_near_duplicate(
    dataset_id: str, image_id: str, app: Studio, caller: Caller, idempotency_key: Key = ""
) -> CountResponse:
    """Trains on this picture of its group and leaves the others out."""
    with app.db.transaction(caller, needs="editor") as tx:
        picture_of(tx, dataset_id, image_id)
        key = edit_key(f"keep:{image_id}", dataset_id, idempotency_key)
        return CountResponse(count=datasets.keep_only(tx, image_id, request_key=key))


@router.post("/clear-masks")
def clear_dataset_masks(
    dataset_id: str, body: MasksRequest, app: Studio, caller: Caller, idempotency_key: Key = ""
) -> CountResponse:
    """All of these pictures is learned again, as one edit. 400 when none of them has a mask."""
    with app.db.transaction(caller, needs="editor") as tx:
        pictures_of(tx, dataset_id, body.image_ids)
        key = edit_key("masks", dataset_id, idempotency_key)
        return CountResponse(count=datasets.clear_masks(tx, dataset_id, body.image_ids, request_key=key))


@router.get("/import-notes")
def list_import_notes(dataset_id: str, app: Studio, caller: Caller, response: Response) -> Listing[ImportNoteResponse]:
    """What the import noticed: turned, animated, 16 bits …"""
    with app.db.transaction(caller) as tx:
        datasets.get(tx, dataset_id)
        notes = datasets.import_notes(tx, dataset_id)
    return listing(response, [ImportNoteResponse.model_validate(note) for note in notes])


@router.delete("/import-notes", status_code=204)
def clear_import_notes(dataset_id: str, app: Studio, caller: Caller) -> Response:
    """Marks them as read."""
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.get(tx, dataset_id)
        datasets.clear_import_notes(tx, dataset_id)
    return Response(status_code=204)


@router.get("/buckets")
def get_dataset_buckets(
    dataset_id: str,
    app: Studio,
    caller: Caller,
    resolution: Annotated[int, Query(ge=64, le=4096, description="px a training draws at")] = 512,
    batch: Annotated[int, Query(ge=1, le=32)] = 1,
) -> BucketsResponse:
    """The sizes that its pictures would be scaled and cut to."""
    with app.db.transaction(caller) as tx:
        return BucketsResponse.model_validate(datasets.bucket_preview(tx, dataset_id, resolution=resolution, batch=batch))

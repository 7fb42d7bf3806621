"""A dataset's pictures: page by page, one with its measures; crops, masks, in or out, removed; what was done, undone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse, Response
from pydantic import ConfigDict, Field, StrictBool
from sqlalchemy.orm import Session

from backend import datasets
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.datasets import Box, ImageCard, ImageFilter
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy

router = APIRouter(prefix="/datasets/{dataset_id}", tags=["datasets"], dependencies=[needs_scope("datasets")])
FILTERS = {name for group in get_args(ImageFilter) for name in (get_args(group) or (group,))}
Key = Annotated[str, Header(max_length=190)]
ImageIds = Annotated[list[str], Field(max_length=5000)]


class DatasetTileResponse(ApiModel):
    """`reasons`: code, sentence, and whether it stands in the way of training, of each problem."""

    id: str
    asset_id: str
    name: str
    caption: str
    included: bool
    cropped: bool
    masked: bool
    reasons: list[list[str | bool]]


class DatasetTilesResponse(ApiModel):
    """`nextCursor` null: the end. `total`: only on the first page."""

    data: list[DatasetTileResponse]
    next_cursor: str | None
    total: int | None
    take: int
    skip: int


class ProblemResponse(ApiModel):
    """`blocker`: training does not start with it."""

    code: str
    sentence: Worded
    blocker: bool


class CropRequest(ApiRequest):
    """In px of the whole picture."""

    x: int = Field(ge=0, le=100_000)
    y: int = Field(ge=0, le=100_000)
    width: int = Field(ge=1, le=100_000)
    height: int = Field(ge=1, le=100_000)


class CropResponse(ApiModel):
    x: int
    y: int
    width: int
    height: int


class DatasetPictureResponse(ApiModel):
    """`captionVersion`, `cropVersion`, `maskVersion` go up with each change. `crop` null: the whole picture; `maskAssetId`
    null: all of it is learned. `repeats`: how often an epoch of a training shows it. `captionSource`: person, file, sample,
    bulk, undo, restored, or what wrote it."""

    id: str
    dataset_id: str
    asset_id: str
    filename: str
    width: int
    height: int
    included: bool
    caption: str
    caption_source: str
    caption_version: int
    crop: CropResponse | None
    crop_version: int
    mask_asset_id: str | None
    mask_version: int
    framing: str
    faces: int | None
    sharpness: float
    brightness: float | None
    contrast: float | None
    clipped: float | None
    near_duplicate_of: str | None
    repeats: int
    problems: list[ProblemResponse]
    created_at: datetime


class DatasetPictureChangeRequest(ApiRequest):
    """What is left out stays as it is. `crop` null: the whole picture. With the version that you have read, a change that
    somebody made meanwhile is not written over (409)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"caption": "bella_01, smiling in a park", "captionVersion": 2, "included": True}]}
    )

    caption: str = ""
    caption_version: int | None = Field(None, ge=0, le=2**31 - 1)
    included: StrictBool = True
    crop: CropRequest | None = None
    crop_version: int | None = Field(None, ge=0, le=2**31 - 1)
    repeats: int = Field(1, ge=1, le=999)


class MaskRequest(ApiRequest):
    """`uploadId`: an upload for noun `dataset-mask` and this picture: white is learned, black is not."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"uploadId": "up_…"}]})

    upload_id: str
    mask_version: int | None = Field(None, ge=0, le=2**31 - 1)


class IncludeRequest(ApiRequest):
    """`included` false: they stay, and are not trained on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"imageIds": ["img_…"], "included": False}]})

    image_ids: ImageIds
    included: StrictBool


class RemoveRequest(ApiRequest):
    model_config = ConfigDict(json_schema_extra={"examples": [{"imageIds": ["img_…"]}]})

    image_ids: ImageIds


class MasksRequest(RemoveRequest):
    """The pictures whose masks go."""


class DatasetEditResponse(ApiModel):
    """`undoneAt`: when it was taken back."""

    id: str
    kind: str
    title: str
    count: int
    said_by: str
    created_at: datetime
    undone_at: datetime | None


class CountResponse(ApiModel):
    """How many pictures."""

    count: int


class UndoneResponse(ApiModel):
    """`kept`: pictures left as they are, because somebody changed them since."""

    count: int
    kept: int


@router.get("/pictures", response_model=DatasetTilesResponse)
def list_dataset_pictures(
    dataset_id: str,
    app: Studio,
    caller: Caller,
    filter: str = "",
    q: Annotated[str, Query(max_length=200, description="only captions that contain this")] = "",
    cursor: str | None = None,
    take: Annotated[int, Query(ge=1, le=500)] = 60,
    side: Annotated[int, Query(ge=0, le=8192, description="px the model trains at")] = 0,
    counted: Annotated[bool, Query(description="false: quicker, without the total")] = True,
) -> JSONResponse:
    """In the order they came in."""
    if filter not in FILTERS:
        raise Invalid(
            tr_lazy(
                "There is no filter called {filter}. There are: {names}.",
                filter=repr(filter),
                names=", ".join(sorted(FILTERS - {""})),
            )
        )
    options: Any = {"cursor": cursor, "take": take, "filter": filter, "text": q, "side": side, "counted": counted}
    page = app.db.read_list(caller, lambda tx: datasets.images(tx, dataset_id, **options))
    tiles = [image.tile() for image in page.images]
    headers = {"cache-control": "no-store"} | ({} if page.total is None else {"x-total-count": str(page.total)})
    return JSONResponse(
        {"data": tiles, "nextCursor": page.next_cursor, "total": page.total, "take": take, "skip": 0}, headers=headers
    )


@router.get("/pictures/{image_id}")
def get_dataset_picture(dataset_id: str, image_id: str, app: Studio, caller: Caller) -> DatasetPictureResponse:
    """One picture with its measures and problems."""
    with app.db.transaction(caller) as tx:
        return picture_response(picture_of(tx, dataset_id, image_id))


@router.patch("/pictures/{image_id}")
def change_dataset_picture(
    dataset_id: str, image_id: str, body: DatasetPictureChangeRequest, app: Studio, caller: Caller
) -> DatasetPictureResponse:
    """Its caption, its crop, its repeats, and whether it is trained on."""
    sent = body.model_fields_set
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.get_locked(tx, dataset_id)
        card = picture_of(tx, dataset_id, image_id)
        if "caption" in sent:
            version = card.caption_version if body.caption_version is None else body.caption_version
            datasets.set_captions(tx, {image_id: (body.caption, version)})
        if "included" in sent:
            datasets.set_included(tx, [image_id], body.included)
        if "repeats" in sent:
            datasets.set_repeats(tx, image_id, body.repeats)
        if "crop" in sent:
            version = card.crop_version if body.crop_version is None else body.crop_version
            box = Box(**body.crop.model_dump()) if body.crop else None
            datasets.set_crop(tx, image_id, box, version=version)
        return picture_response(picture_of(tx, dataset_id, image_id))


@router.delete("/pictures/{image_id}", status_code=204)
def remove_dataset_picture(dataset_id: str, image_id: str, app: Studio, caller: Caller) -> Response:
    """Takes it out of the dataset; undone at `/edits` for some days."""
    with app.db.transaction(caller, needs="editor") as tx:
        picture_of(tx, dataset_id, image_id)
        datasets.remove_images(tx, [image_id])
    return Response(status_code=204)


@router.put("/pictures/{image_id}/mask")
def put_dataset_mask(dataset_id: str, image_id: str, body: MaskRequest, app: Studio, caller: Caller) -> DatasetPictureResponse:
    """Which part of the picture is learned."""
    with app.db.transaction(caller, needs="editor") as tx:
        version = picture_of(tx, dataset_id, image_id).mask_version if body.mask_version is None else body.mask_version
    datasets.save_mask(
        lambda: app.db.transaction(caller, needs="editor"),
        app.storage,
        settings=app.settings,
        image_id=image_id,
        upload_id=body.upload_id,
        version=version,
    )
    with app.db.transaction(caller) as tx:
        return picture_response(picture_of(tx, dataset_id, image_id))


@router.delete("/pictures/{image_id}/mask", status_code=204)
def delete_dataset_mask(dataset_id: str, image_id: str, app: Studio, caller: Caller) -> Response:
    """All of the picture is learned again."""
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.clear_mask(tx, image_id, version=picture_of(tx, dataset_id, image_id).mask_version)
    return Response(status_code=204)


@router.post("/include")
def include_dataset_pictures(
    dataset_id: str, body: IncludeRequest, app: Studio, caller: Caller, idempotency_key: Key = ""
) -> CountResponse:
    """Includes many pictures in training, or excludes them, as one edit."""
    with app.db.transaction(caller, needs="editor") as tx:
        pictures_of(tx, dataset_id, body.image_ids)
        key = edit_key("include", dataset_id, idempotency_key)
        return CountResponse(count=datasets.set_included(tx, body.image_ids, body.included, request_key=key))


@router.post("/remove")
def remove_dataset_pictures(
    dataset_id: str, body: RemoveRequest, app: Studio, caller: Caller, idempotency_key: Key = ""
) -> CountResponse:
    """Takes many pictures out of the dataset as one edit, which can be undone for some days."""
    with app.db.transaction(caller, needs="editor") as tx:
        pictures_of(tx, dataset_id, body.image_ids)
        key = edit_key("remove", dataset_id, idempotency_key)
        return CountResponse(count=datasets.remove_images(tx, body.image_ids, request_key=key))


@router.get("/edits")
def list_dataset_edits(
    dataset_id: str, app: Studio, caller: Caller, response: Response, take: Annotated[int, Query(ge=1, le=200)] = 50
) -> Listing[DatasetEditResponse]:
    """What was done to many pictures at once, newest first."""
    with app.db.transaction(caller) as tx:
        datasets.get(tx, dataset_id)
        edits = datasets.list_edits(tx, dataset_id, take=take)
    return listing(response, [DatasetEditResponse.model_validate(edit) for edit in edits])


@router.post("/edits/{edit_id}/undo")
def undo_dataset_edit(dataset_id: str, edit_id: str, app: Studio, caller: Caller) -> UndoneResponse:
    """Takes an edit back where nobody has changed the pictures since."""
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.get(tx, dataset_id)
        return UndoneResponse.model_validate(datasets.undo_edit(tx, edit_id, of_dataset=dataset_id))


def picture_of(tx: Session, dataset_id: str, image_id: str) -> ImageCard:
    return pictures_of(tx, dataset_id, [image_id])[image_id]


def pictures_of(tx: Session, dataset_id: str, image_ids: list[str]) -> dict[str, ImageCard]:
    """Raises NotFound unless all of them are in the dataset."""
    cards = {card.id: card for card in datasets.get_images(tx, dataset_id, image_ids)}
    if missing := sorted(set(image_ids) - set(cards)):
        raise NotFound(tr_lazy("The picture {missing} is not in this dataset.", missing=repr(missing[0][:80])))
    return cards


def picture_response(card: ImageCard) -> DatasetPictureResponse:
    computed = ("crop", "problems")
    fields = {name: getattr(card, name) for name in DatasetPictureResponse.model_fields if name not in computed}
    return DatasetPictureResponse(
        **fields,
        crop=CropResponse.model_validate(card.crop) if card.crop else None,
        problems=[ProblemResponse.model_validate(reason) for reason in card.reasons],
    )


def edit_key(verb: str, dataset_id: str, idempotency_key: str) -> str:
    """The request key of an edit; "" without a header."""
    return f"{verb}:{dataset_id}:{idempotency_key}" if idempotency_key else ""

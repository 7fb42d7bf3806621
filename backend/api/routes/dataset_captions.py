"""Captions of a dataset's pictures: written, rewritten many at once, and their earlier versions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from backend import datasets
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.dataset_pictures import (
    CountResponse,
    DatasetEditResponse,
    DatasetPictureResponse,
    Key,
    edit_key,
    picture_of,
    picture_response,
    pictures_of,
)
from backend.datasets import CaptionEdit

router = APIRouter(prefix="/datasets/{dataset_id}", tags=["datasets"], dependencies=[needs_scope("datasets")])


class CaptionRequest(ApiRequest):
    """`version`: the `captionVersion` it was written against; without it, the caption that is there is written over."""

    image_id: str
    caption: str
    version: int | None = Field(None, ge=0, le=2**31 - 1)


class CaptionsRequest(ApiRequest):
    """All are written, or none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"captions": [{"imageId": "img_…", "caption": "bella_01, smiling", "version": 2}]}]}
    )

    captions: list[CaptionRequest] = Field(min_length=1, max_length=5000)


class CaptionEditRequest(ApiRequest):
    """One change to many captions: `replace` find by put, `prefix` or `suffix` put, `remove` the tag find, `cut` find,
    `trigger` puts the trigger word in front, `tidy` commas and repeated tags. `imageIds` empty: all pictures."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"verb": "replace", "find": "lady", "put": "woman"}]})

    verb: Literal["replace", "prefix", "suffix", "remove", "cut", "trigger", "tidy"]
    find: str = ""
    put: str = ""
    image_ids: list[str] = Field([], max_length=5000)


class CaptionChangeResponse(ApiModel):
    image_id: str
    before: str
    after: str


class CaptionVersionResponse(ApiModel):
    version: int
    caption: str
    source: str
    said_by: str
    created_at: datetime


@router.get("/pictures/{image_id}/captions")
def list_caption_versions(
    dataset_id: str, image_id: str, app: Studio, caller: Caller, response: Response
) -> Listing[CaptionVersionResponse]:
    """Each caption it has had, newest first."""
    with app.db.transaction(caller) as tx:
        picture_of(tx, dataset_id, image_id)
        versions = datasets.caption_history(tx, image_id)
    return listing(response, [CaptionVersionResponse.model_validate(version) for version in versions])


@router.post("/pictures/{image_id}/captions/{version}/restore")
def restore_caption_version(
    dataset_id: str, image_id: str, version: int, app: Studio, caller: Caller
) -> DatasetPictureResponse:
    """Writes an earlier caption again, as a new version."""
    with app.db.transaction(caller, needs="editor") as tx:
        picture_of(tx, dataset_id, image_id)
        datasets.restore_caption(tx, image_id, version)
        return picture_response(picture_of(tx, dataset_id, image_id))


@router.put("/captions")
def put_dataset_captions(dataset_id: str, body: CaptionsRequest, app: Studio, caller: Caller) -> CountResponse:
    """Writes captions of many pictures. 409 when somebody changed one of them since the version that you name."""
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.get_locked(tx, dataset_id)
        cards = pictures_of(tx, dataset_id, [caption.image_id for caption in body.captions])
        captions = {
            sent.image_id: (sent.caption, cards[sent.image_id].caption_version if sent.version is None else sent.version)
            for sent in body.captions
        }
        return CountResponse(count=datasets.set_captions(tx, captions))


@router.post("/captions/edit", status_code=201)
def edit_dataset_captions(
    dataset_id: str, body: CaptionEditRequest, app: Studio, caller: Caller, idempotency_key: Key = ""
) -> DatasetEditResponse:
    """Rewrites many captions as one edit, which can be undone."""
    edit = CaptionEdit(verb=body.verb, find=body.find, put=body.put)
    with app.db.transaction(caller, needs="editor") as tx:
        key = edit_key("captions", dataset_id, idempotency_key)
        card = datasets.edit_captions(tx, dataset_id, edit, image_ids=body.image_ids, request_key=key)
    return DatasetEditResponse.model_validate(card)


@router.post("/captions/preview")
def preview_caption_edit(
    dataset_id: str, body: CaptionEditRequest, app: Studio, caller: Caller, response: Response
) -> Listing[CaptionChangeResponse]:
    """What `/captions/edit` would change; changes nothing."""
    edit = CaptionEdit(verb=body.verb, find=body.find, put=body.put)
    with app.db.transaction(caller, needs="editor") as tx:
        changes = datasets.preview_captions(tx, dataset_id, edit, image_ids=body.image_ids)
    return listing(response, [CaptionChangeResponse.model_validate(change) for change in changes])

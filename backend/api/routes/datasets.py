"""Datasets: list, make, change, delete; files that were refused, sample characters, and the whole as a ZIP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from backend import datasets
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded, binary_response, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.etags import IfMatch, require_match, set_etag
from backend.datasets import DatasetCard, DatasetMetadata, DatasetStatus, Thresholds
from backend.errors import Conflict
from backend.kit.ids import new_id

router = APIRouter(prefix="/datasets", tags=["datasets"], dependencies=[needs_scope("datasets")])
Key = Annotated[str, Header(max_length=190)]
_SORTS: Any = {"createdAt": "created_at", "updatedAt": "updated_at", "name": "name"}


class DatasetMetadataRequest(ApiRequest):
    """`captionStyle`: how captions are written unless a request says otherwise: natural sentences, or tags."""

    caption_style: Literal["natural", "tags"] = "natural"
    tags: list[str] = Field([], max_length=50)


class ThresholdsRequest(ApiRequest):
    """What counts as a problem. `sharpness` null: derived from the dataset's median; `nearBits`: differing bits of 64."""

    sharpness: float | None = None
    dark: float = 40.0
    bright: float = 225.0
    contrast: float = 15.0
    clipped: float = 0.5
    near_bits: int = 6
    max_faces: int = 1
    face_from: float = 0.32
    bust_from: float = 0.13


class DatasetRequest(ApiRequest):
    """`path`: where the pictures come from, in your words; nothing is read there. `s3Keys`: of uploads that were announced
    with `nounId` “new”, as the answer to their PUT says them; they become this dataset's pictures. `imageCount`: how many
    pictures it is to have, answered as `expectedImageCount`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "influencer-marco-gym",
                    "path": "data/datasets/influencer-marco-gym",
                    "imageCount": 120,
                    "triggerWord": "marco_01",
                    "metadata": {"captionStyle": "natural", "tags": ["fitness", "gym", "motivation"]},
                }
            ]
        }
    )

    name: str
    path: str = ""
    image_count: int | None = Field(None, ge=1)
    influencer_id: str | None = None
    trigger_word: str = ""
    metadata: DatasetMetadataRequest = DatasetMetadataRequest()
    s3_keys: list[str] = Field([], max_length=5000, alias="s3Keys")


class DatasetChangeRequest(ApiRequest):
    """What is left out stays as it is, also within `metadata` and `thresholds`. `influencerId` null: nobody's. `status`
    follows from pictures, trigger word and rights: `ready` is refused with what is still missing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"triggerWord": "marco_01", "metadata": {"tags": ["gym"]}}]})

    name: str = ""
    path: str = ""
    image_count: int | None = Field(None, ge=1)
    influencer_id: str | None = None
    trigger_word: str = ""
    metadata: DatasetMetadataRequest = DatasetMetadataRequest()
    thresholds: ThresholdsRequest = ThresholdsRequest()
    status: DatasetStatus | None = None


class DatasetMetadataResponse(ApiModel):
    caption_style: str
    tags: list[str]


class ThresholdsResponse(ApiModel):
    sharpness: float | None
    dark: float
    bright: float
    contrast: float
    clipped: float
    near_bits: int
    max_faces: int
    face_from: float
    bust_from: float


class DatasetResponse(ApiModel):
    """`path`: as it was given, else the beginning of its pictures' keys in the storage. `imageCount`: the pictures that are
    here, `includedCount` of them are trained on. `rightsStatement` "": not declared, so nothing can be trained."""

    id: str
    tenant_id: str
    name: str
    path: str
    image_count: int
    included_count: int
    expected_image_count: int | None
    status: DatasetStatus
    metadata: DatasetMetadataResponse
    influencer_id: str | None
    influencer_name: str | None
    trigger_word: str
    rights_kind: str
    rights_statement: str
    rights_until: datetime | None
    thresholds: ThresholdsResponse
    cover_asset_ids: list[str]
    created_at: datetime
    updated_at: datetime


class NewDatasetResponse(DatasetResponse):
    """`jobId`: the job that checks the pictures of `s3Keys`; null without any."""

    job_id: str | None


class RefusedFileResponse(ApiModel):
    id: str
    filename: str
    reason: Worded


class SampleCharacterRequest(ApiRequest):
    """`name`: of a character that comes with the studio."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bella"}]})

    name: str


class StartedJobResponse(ApiModel):
    """Wait for it at `/api/jobs/<jobId>`."""

    job_id: str


@router.get("")
def list_datasets(
    app: Studio,
    caller: Caller,
    response: Response,
    status: DatasetStatus | None = None,
    influencer_id: Annotated[str | None, Query(alias="influencerId", max_length=80)] = None,
    q: Annotated[str, Query(max_length=200, description="looks in names")] = "",
    sort_by: Annotated[Literal["createdAt", "updatedAt", "name"], Query(alias="sortBy")] = "createdAt",
    sort_order: Annotated[Literal["asc", "desc"], Query(alias="sortOrder")] = "desc",
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    cursor: Annotated[str | None, Query(max_length=80, description="only by createdAt")] = None,
) -> Listing[DatasetResponse]:
    """Newest first, unless sorted otherwise."""
    filters: Any = {"influencer_id": influencer_id, "status": status, "text": q, "cursor": cursor, "take": take, "skip": skip}
    page = app.db.read_list(
        caller, lambda tx: datasets.page(tx, **filters, sort=_SORTS[sort_by], ascending=sort_order == "asc")
    )
    data = [dataset_response(card, caller.tenant_id) for card in page.cards]
    return listing(response, data, total=page.total, take=take, skip=skip, cursor=page.next_cursor)


@router.post("", status_code=201)
def create_dataset(
    body: DatasetRequest, app: Studio, caller: Caller, response: Response, idempotency_key: Key = ""
) -> NewDatasetResponse:
    """Makes a dataset, of uploads that are waiting if `s3Keys` names them. 409 when the name is taken."""
    metadata = DatasetMetadata(path=body.path, expected_images=body.image_count, **body.metadata.model_dump())
    with app.db.transaction(caller, needs="editor") as tx:
        card = datasets.create(tx, name=body.name, influencer_id=body.influencer_id, trigger_word=body.trigger_word)
        card, job_id = datasets.set_metadata(tx, card.id, metadata), None
        if body.s3_keys:
            key = _request_key("dataset", idempotency_key)
            job_id = datasets.attach_uploads(tx, card.id, body.s3_keys, request_key=key).id
    response.headers["location"] = f"/api/datasets/{card.id}"
    set_etag(response, card.updated_at)
    return NewDatasetResponse(**dataset_response(card, caller.tenant_id).model_dump(), job_id=job_id)


@router.get("/{dataset_id}")
def get_dataset(dataset_id: str, app: Studio, caller: Caller, response: Response) -> DatasetResponse:
    """One dataset; its pictures are at `/pictures`."""
    with app.db.transaction(caller) as tx:
        return _whole(response, datasets.get(tx, dataset_id), caller.tenant_id)


@router.patch("/{dataset_id}")
def change_dataset(
    dataset_id: str, body: DatasetChangeRequest, app: Studio, caller: Caller, response: Response, if_match: IfMatch = ""
) -> DatasetResponse:
    """Changes what the body names. 409 when somebody else was quicker, or `status` cannot be had."""
    sent = body.model_fields_set
    with app.db.transaction(caller, needs="editor") as tx:
        card = datasets.get_locked(tx, dataset_id)
        require_match(if_match, card.updated_at, "dataset")
        if "name" in sent:
            datasets.rename(tx, dataset_id, body.name)
        if "influencer_id" in sent:
            datasets.set_influencer(tx, dataset_id, body.influencer_id)
        if "trigger_word" in sent:
            datasets.set_trigger_word(tx, dataset_id, body.trigger_word)
        if {"path", "image_count", "metadata"} & sent:
            datasets.set_metadata(tx, dataset_id, _changed_metadata(card.metadata, body))
        if "thresholds" in sent:
            values = {**card.thresholds.model_dump(), **body.thresholds.model_dump(exclude_unset=True)}
            datasets.set_thresholds(tx, dataset_id, Thresholds(**values))
        card = datasets.get(tx, dataset_id)
        if body.status and body.status != card.status:
            raise Conflict(_why_not(tx, card, body.status))
    return _whole(response, card, caller.tenant_id)


@router.delete("/{dataset_id}", status_code=204)
def delete_dataset(dataset_id: str, app: Studio, caller: Caller) -> Response:
    """Its files are removed some days later; LoRAs trained on it stay. 409 while it is trained on."""
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.delete(tx, dataset_id)
    return Response(status_code=204)


@router.get("/{dataset_id}/refused-files")
def list_refused_files(dataset_id: str, app: Studio, caller: Caller, response: Response) -> Listing[RefusedFileResponse]:
    """Uploaded files that did not become pictures, each with the reason."""
    with app.db.transaction(caller) as tx:
        datasets.get(tx, dataset_id)
        files = datasets.refused_files(tx, dataset_id)
    return listing(response, [RefusedFileResponse.model_validate(file) for file in files])


@router.delete("/{dataset_id}/refused-files", status_code=204)
def dismiss_refused_files(dataset_id: str, app: Studio, caller: Caller) -> Response:
    """Empties the list of refused files."""
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.get(tx, dataset_id)
        datasets.dismiss_refused(tx, dataset_id)
    return Response(status_code=204)


@router.post("/{dataset_id}/sample-character", status_code=201)
def add_sample_character(
    dataset_id: str, body: SampleCharacterRequest, app: Studio, caller: Caller, idempotency_key: Key = ""
) -> StartedJobResponse:
    """Adds the pictures of a character that comes with the studio, to try a training without pictures of your own."""
    with app.db.transaction(caller, needs="editor") as tx:
        datasets.declare_sample_rights(tx, dataset_id)
        job = datasets.add_sample_character(tx, dataset_id, body.name, _request_key(f"sample:{dataset_id}", idempotency_key))
    return StartedJobResponse(job_id=job.id)


@router.post("/{dataset_id}/scan", status_code=201)
def scan_dataset(dataset_id: str, app: Studio, caller: Caller, idempotency_key: Key = "") -> StartedJobResponse:
    """Measures pictures again that an older version measured."""
    with app.db.transaction(caller, needs="editor") as tx:
        key = _request_key(f"scan:{dataset_id}", idempotency_key)
        return StartedJobResponse(job_id=datasets.scan(tx, dataset_id, request_key=key).id)


@router.get("/{dataset_id}/export", response_class=Response, responses=binary_response("application/zip"))
def export_dataset(
    dataset_id: str,
    app: Studio,
    caller: Caller,
    form: Annotated[
        Literal["originals", "trained"], Query(description="trained: cut to their crops, masks as alpha")
    ] = "originals",
) -> Response:
    """The included pictures with captions in kohya's layout, and a manifest.json."""
    with app.db.transaction(caller) as tx:
        name = datasets.get(tx, dataset_id).name
        chunks = datasets.export_zip(tx, app.storage, dataset_id, form=form)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.zip"}
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)


def dataset_response(card: DatasetCard, tenant_id: str) -> DatasetResponse:
    noted = card.metadata
    same = ("id", "name", "status", "influencer_id", "influencer_name", "trigger_word", "rights_kind", "rights_statement")
    dates = ("rights_until", "created_at", "updated_at")
    return DatasetResponse(
        **{name: getattr(card, name) for name in same + dates},
        tenant_id=tenant_id,
        path=noted.path or f"datasets/{tenant_id}/{card.id}",
        image_count=card.images,
        included_count=card.included,
        expected_image_count=noted.expected_images,
        metadata=DatasetMetadataResponse(caption_style=noted.caption_style, tags=list(noted.tags)),
        thresholds=ThresholdsResponse.model_validate(card.thresholds),
        cover_asset_ids=list(card.cover_asset_ids),
    )


def _whole(response: Response, card: DatasetCard, tenant_id: str) -> DatasetResponse:
    set_etag(response, card.updated_at)
    return dataset_response(card, tenant_id)


def _changed_metadata(before: DatasetMetadata, body: DatasetChangeRequest) -> DatasetMetadata:
    sent = body.model_dump(include={"path", "image_count"}, exclude_unset=True)
    values = {**before.model_dump(), **body.metadata.model_dump(exclude_unset=True)}
    values |= {{"image_count": "expected_images"}.get(name, name): value for name, value in sent.items()}
    return DatasetMetadata(**values)


def _why_not(tx: Session, card: DatasetCard, status: DatasetStatus) -> str:
    if card.status == "training":
        return f"{card.name} is being trained on. Wait for that run to end, or cancel it."
    if status == "training":
        return f"{card.name} is in training while a run trains on it. Start one: POST /api/lora-configs."
    if status == "draft":
        return f"{card.name} is ready. It becomes a draft when its rights are withdrawn: DELETE /api/datasets/{card.id}/rights."
    return f"{card.name} is not ready yet. " + " ".join(
        blocker.sentence for blocker in datasets.readiness(tx, card.id).blockers
    )


def _request_key(verb: str, idempotency_key: str) -> str:
    return f"{verb}:{idempotency_key}" if idempotency_key else new_id("key")

"""Files that were made or taken in: list, get with an address that a program without a cookie can fetch, take a picture to draw
from, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from backend import access, assets, generation
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope, require_scope
from backend.api.multipart import files_of, is_multipart, require_length, store_file
from backend.api.routes.uploads import UPLOAD_THREADS, user_limiter
from backend.app import App
from backend.assets import AssetCard
from backend.db.transactions import KeyHolder, Member
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy

router = APIRouter(prefix="/assets", tags=["assets"], dependencies=[needs_scope("images")])
AssetType = Literal["image", "video", "audio", "lora", "archive"]
_SCOPE_NOUNS: dict[str, str] = {"video": "videos", "audio": "videos", "lora": "loras", "state": "loras"}
"""What an API key needs for files of a type; for all others: images."""
_FORM_BYTES = 64 * 1024
"""What a form adds to its file."""


class AssetRequest(ApiRequest):
    """`uploadId`: a picture that was uploaded for the noun `generation` (nounId “api”)."""

    upload_id: str


_PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/json": {
                "schema": AssetRequest.model_json_schema(),
                "example": {"uploadId": "up_0190"},
            },
        },
    }
}


class AssetResponse(ApiModel):
    """`metadata`: contentType, filename, sizeBytes, sha256, width and height of pictures, and what its maker noted. `jobId`
    null: no job made it, or that job is no longer known."""

    id: str
    tenant_id: str
    job_id: str | None
    type: str
    s3_key: str
    metadata: dict[str, Any]
    created_at: datetime


class AssetLinkResponse(AssetResponse):
    """`url`: whoever has it can fetch the file until `expiresAt`, an hour from now, without signing in: the storage's own
    address where that is public (S3_PUBLIC_ENDPOINT), else the studio's."""

    url: str
    expires_at: datetime


@router.get("")
def list_assets(
    app: Studio,
    caller: Caller,
    response: Response,
    type: Annotated[AssetType | None, Query(description="without it: all that the key may read")] = None,
    job_id: Annotated[str | None, Query(alias="jobId", max_length=80, description="only what this job made")] = None,
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> Listing[AssetResponse]:
    """Newest first, without addresses: those are made when one is asked for. `total` ends at 10,000: at least so many."""
    if type:
        require_scope(caller, _scope(type, "read"))
    kinds = [type] if type else [kind for kind in get_args(AssetType) if _may_read(caller, kind)]
    page = app.db.read_list(caller, lambda tx: assets.page(tx, kinds=kinds, job_id=job_id, cursor=cursor, take=take, skip=skip))
    data = [_asset_response(card, caller.tenant_id) for card in page.cards]
    return listing(response, data, total=page.total, take=take, skip=skip, cursor=page.next_cursor)


@router.post("", status_code=201, openapi_extra=_PICTURE_BODY)
async def take_picture(request: Request, app: Studio, caller: Caller, response: Response) -> AssetResponse:
    """Takes in a picture to draw from: a start picture (`initAssetId` of a request for pictures), a mask (`maskAssetId`) or a
    pose. Send it as `file` of multipart/form-data, or the id of an upload. 400 with the reason when it cannot be used."""
    user_id = await to_thread.run_sync(_editor, app, caller)
    async with user_limiter(user_id):
        if is_multipart(request):
            max_bytes = app.settings.uploads.max_picture_size
            require_length(request, max_bytes + _FORM_BYTES, "Make the picture smaller, then try again.")
            try:
                async with request.form(max_files=1, max_fields=0) as form:
                    card = await to_thread.run_sync(_take_file, app, caller, files_of(form), limiter=UPLOAD_THREADS)
            except (MultiPartException, ClientDisconnect) as error:
                raise Invalid(
                    tr_lazy("Send one picture as `file`, and nothing else. This was more, or did not arrive whole.")
                ) from error
        else:
            upload_id = _asset_request(await request.body()).upload_id
            card = await to_thread.run_sync(_take_upload, app, caller, upload_id, limiter=UPLOAD_THREADS)
    response.headers["location"] = f"/api/assets/{card.id}"
    return _asset_response(card, caller.tenant_id)


@router.get("/{asset_id}")
def get_asset(asset_id: str, app: Studio, caller: Caller, response: Response) -> AssetLinkResponse:
    """One file, and an address to fetch it from for an hour."""
    with app.db.transaction(caller) as tx:
        card = _stored(assets.get(tx, asset_id))
    require_scope(caller, _scope(card.kind, "read"))
    link = assets.temporary_link(app.storage, app.settings, tenant_id=caller.tenant_id, card=card)
    response.headers["cache-control"] = "no-store"
    asset = _asset_response(card, caller.tenant_id)
    return AssetLinkResponse(**asset.model_dump(), url=link.url, expires_at=link.expires_at)


@router.delete("/{asset_id}", status_code=204)
def delete_asset(asset_id: str, app: Studio, caller: Caller) -> Response:
    """Deletes a file that nothing uses. 409 for one that a picture, dataset, LoRA, video or post uses: delete that instead."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = _stored(assets.get(tx, asset_id))
        require_scope(caller, _scope(card.kind, "write"))
        assets.delete(tx, [asset_id])
    return Response(status_code=204)


def _editor(app: App, caller: Member) -> str:
    """The caller's user id. Asked before the body is read. Raises NotPermitted for viewers."""
    with app.db.transaction(caller, needs="editor") as tx:
        return str(tx.info["user_id"])


def _asset_request(body: bytes) -> AssetRequest:
    try:
        return AssetRequest.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError([{**item, "loc": ("body", *item["loc"])} for item in error.errors()]) from error


def _take_file(app: App, caller: Member, files: list[UploadFile]) -> AssetCard:
    if not files:
        raise Invalid(tr_lazy("There is no file in the request. Send one picture as `file`."))
    return _take_upload(app, caller, store_file(app, caller, files[0], noun="generation", noun_id="api"))


def _take_upload(app: App, caller: Member, upload_id: str) -> AssetCard:
    return generation.take_upload(
        lambda: app.db.transaction(caller, needs="editor"), app.storage, settings=app.settings, upload_id=upload_id
    )


def _scope(kind: str, verb: str) -> str:
    return f"{_SCOPE_NOUNS.get(kind, 'images')}:{verb}"


def _may_read(caller: Member, kind: str) -> bool:
    return not isinstance(caller, KeyHolder) or access.scopes.allows(caller.scopes, _scope(kind, "read"))


def _stored(card: AssetCard) -> AssetCard:
    if card.state != "stored":
        raise NotFound(tr_lazy("This file does not exist here. It may have been deleted."))
    return card


def _asset_response(card: AssetCard, tenant_id: str) -> AssetResponse:
    facts = {"contentType": card.content_type, "filename": card.filename, "sizeBytes": card.size_bytes, "sha256": card.sha256}
    size = {"width": card.width, "height": card.height} if card.width else {}
    return AssetResponse(
        id=card.id,
        tenant_id=tenant_id,
        job_id=card.job_id,
        type=card.kind,
        s3_key=card.key,
        metadata={**card.meta, **facts, **size},
        created_at=card.created_at,
    )

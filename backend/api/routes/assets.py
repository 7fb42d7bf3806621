"""Files that were made or taken in: list, get with an address that a program without a cookie can fetch, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query, Response

from backend import access, assets
from backend.api.api_model import ApiModel, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope, require_scope
from backend.assets import AssetCard
from backend.db.transactions import KeyHolder, Member
from backend.errors import NotFound

router = APIRouter(prefix="/assets", tags=["assets"], dependencies=[needs_scope("images")])
AssetType = Literal["image", "video", "audio", "lora", "archive"]
_SCOPE_NOUNS: dict[str, str] = {"video": "videos", "audio": "videos", "lora": "loras", "state": "loras"}
"""What an API key needs for files of a type; for all others: images."""


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
    """Newest first, without addresses: those are made when one is asked for."""
    if type:
        require_scope(caller, _scope(type, "read"))
    kinds = [type] if type else [kind for kind in get_args(AssetType) if _may_read(caller, kind)]
    with app.db.transaction(caller) as tx:
        page = assets.page(tx, kinds=kinds, job_id=job_id, cursor=cursor, take=take, skip=skip)
    data = [_asset_response(card, caller.tenant_id) for card in page.cards]
    return listing(response, data, total=page.total, take=take, skip=skip, cursor=page.next_cursor)


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


def _scope(kind: str, verb: str) -> str:
    return f"{_SCOPE_NOUNS.get(kind, 'images')}:{verb}"


def _may_read(caller: Member, kind: str) -> bool:
    return not isinstance(caller, KeyHolder) or access.scopes.allows(caller.scopes, _scope(kind, "read"))


def _stored(card: AssetCard) -> AssetCard:
    if card.state != "stored":
        raise NotFound("This file does not exist here. It may have been deleted.")
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

"""Files for platforms that fetch a post's media themselves. The signed address is the permission; it expires."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from backend import assets
from backend.api.deps import Studio
from backend.api.routes.media import range_response
from backend.app import App
from backend.assets import AssetCard
from backend.db.transactions import SystemCaller
from backend.errors import NotFound
from backend.language import tr_lazy

router = APIRouter(prefix="/handed", tags=["media"])


@router.get("/{token}/{name}", response_class=Response)
def handed(token: str, name: str, app: Studio, range: Annotated[str, Header()] = "") -> Response:
    """One file of one post, for a day. `name` only gives the address a file ending. 404 for any other token."""
    card = _asset_card(app, token)
    return range_response(app.storage, card, _headers(card), range)


@router.head("/{token}/{name}", response_class=Response, include_in_schema=False)
def looked_at(token: str, name: str, app: Studio) -> Response:
    card = _asset_card(app, token)
    return Response(headers={**_headers(card), "content-length": str(card.size_bytes)}, media_type=card.content_type)


def _asset_card(app: App, token: str) -> AssetCard:
    tenant_id, asset_id = assets.open_token(app.settings, token)
    with app.db.transaction(SystemCaller(tenant_id)) as tx:
        card = assets.get(tx, asset_id)
    if card.state != "stored":
        raise NotFound(tr_lazy("This file is not here any more."))
    return card


def _headers(card: AssetCard) -> dict[str, str]:
    return {"cache-control": "private, max-age=3600", "etag": f'"{card.id}"', "x-content-type-options": "nosniff"}

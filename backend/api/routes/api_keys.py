"""API keys of the workspace: for owners. The key itself is in the answer to POST, once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from backend import access
from backend.access import ApiKeyChange, ApiKeyDraft
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope

router = APIRouter(prefix="/api-keys", tags=["API keys"], dependencies=[needs_scope("workspace", "admin")])


class ApiKeyRequest(ApiRequest):
    """`scopes`: noun and verb, e.g. `["images:write", "posts:publish"]`; `*` is every noun; a verb includes the lower ones
    (read, write, publish, admin). `jobsPerDay`, `usdPerMonth`: quotas, null without."""

    name: str
    scopes: list[str] = Field(max_length=100)
    expires_at: AwareDatetime | None = None
    jobs_per_day: int | None = None
    usd_per_month: Decimal | None = None


class ApiKeyChangeRequest(ApiRequest):
    name: str | None = None
    jobs_per_day: int | None = None
    usd_per_month: Decimal | None = None


class ApiKeyResponse(ApiModel):
    """`hint`: how the key begins and ends. `state`: active, expired or revoked. `role`: the most it can act as."""

    id: str
    name: str
    hint: str
    scopes: list[str]
    role: str
    state: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    jobs_per_day: int | None
    usd_per_month: Decimal | None
    jobs_today: int
    usd_this_month: Decimal


class NewApiKeyResponse(ApiKeyResponse):
    """`secret`: the key. It is not stored and cannot be shown again."""

    secret: str


@router.get("")
def list_api_keys(app: Studio, caller: Caller, response: Response, revoked: bool = False) -> Listing[ApiKeyResponse]:
    """`revoked`: those that were revoked too."""
    with app.db.transaction(caller, needs="owner") as tx:
        cards = access.page(tx, revoked=revoked)
    return listing(response, [ApiKeyResponse.model_validate(card) for card in cards])


@router.post("", status_code=201)
def create_api_key(body: ApiKeyRequest, app: Studio, caller: Caller, response: Response) -> NewApiKeyResponse:
    draft = ApiKeyDraft(**body.model_dump())
    with app.db.transaction(caller, needs="owner") as tx:
        created = access.create(tx, draft)
    response.headers["location"] = f"/api/api-keys/{created.card.id}"
    card = ApiKeyResponse.model_validate(created.card)
    return NewApiKeyResponse(**card.model_dump(), secret=created.secret)


@router.get("/{api_key_id}")
def get_api_key(api_key_id: str, app: Studio, caller: Caller) -> ApiKeyResponse:
    with app.db.transaction(caller, needs="owner") as tx:
        return ApiKeyResponse.model_validate(access.get(tx, api_key_id))


@router.patch("/{api_key_id}")
def change_api_key(api_key_id: str, body: ApiKeyChangeRequest, app: Studio, caller: Caller) -> ApiKeyResponse:
    """Its name and its quotas; null removes a quota. For other scopes make another key."""
    draft = ApiKeyChange(**body.model_dump(exclude_unset=True))
    with app.db.transaction(caller, needs="owner") as tx:
        return ApiKeyResponse.model_validate(access.change(tx, api_key_id, draft))


@router.delete("/{api_key_id}", status_code=204)
def revoke_api_key(api_key_id: str, app: Studio, caller: Caller) -> Response:
    """Refused from the next request on. It stays in the list with `revoked=true`."""
    with app.db.transaction(caller, needs="owner") as tx:
        access.revoke(tx, api_key_id)
    return Response(status_code=204)

"""The LoRA library: list, get, import an uploaded file, rename, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict

from backend import loras
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.loras import LoraCard

router = APIRouter(prefix="/loras", tags=["LoRAs"], dependencies=[needs_scope("loras")])


class LoraRequest(ApiRequest):
    """`uploadId`: a .safetensors file that was uploaded for noun `lora` (nounId “library”), in kohya's or diffusers' layout.
    `name`: its word in `<lora:name:0.8>`; "": made from the file's name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"uploadId": "up_…", "name": "bella-v1", "triggerWord": "b1"}]})

    upload_id: str
    name: str = ""
    trigger_word: str = ""


class LoraChangeRequest(ApiRequest):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "bella-v2"}]})

    name: str


class LoraResponse(ApiModel):
    """`name`: its word in `<lora:name:0.8>`. `base`: the family of models it fits. `weight`: its usual strength. `source`:
    trained (then `loraConfigId` and `step` say by what) or uploaded."""

    id: str
    tenant_id: str
    name: str
    trigger_word: str
    base: str
    network_dim: int
    network_alpha: float
    weight: float
    source: str
    asset_id: str
    s3_key: str
    size_bytes: int
    sha256: str
    influencer_id: str | None
    lora_config_id: str | None
    step: int | None
    notes: str
    created_at: datetime


class LoraDetailResponse(LoraResponse):
    """`uses`: what uses it, as phrases."""

    uses: list[str]


@router.get("")
def list_loras(
    app: Studio,
    caller: Caller,
    response: Response,
    influencer_id: Annotated[str | None, Query(alias="influencerId", max_length=80)] = None,
    base: Annotated[str | None, Query(max_length=80)] = None,
    q: Annotated[str, Query(max_length=200, description="looks in names")] = "",
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> Listing[LoraResponse]:
    """Newest first."""
    with app.db.transaction(caller) as tx:
        page = loras.page(tx, influencer_id=influencer_id, base=base, text=q, cursor=cursor, take=take, skip=skip)
    data = [lora_response(card, caller.tenant_id) for card in page.cards]
    return listing(response, data, total=page.total, take=take, skip=skip, cursor=page.next_cursor)


@router.post("", status_code=201)
def import_lora(body: LoraRequest, app: Studio, caller: Caller, response: Response) -> LoraResponse:
    """Checks an uploaded file and puts it into the library. 400 with the reason when it is no LoRA, 409 when the name is
    taken."""
    card = loras.take_upload(
        lambda: app.db.transaction(caller, needs="editor"),
        app.storage,
        upload_id=body.upload_id,
        name=body.name,
        trigger_word=body.trigger_word,
    )
    response.headers["location"] = f"/api/loras/{card.id}"
    return lora_response(card, caller.tenant_id)


@router.get("/{lora_id}")
def get_lora(lora_id: str, app: Studio, caller: Caller) -> LoraDetailResponse:
    """One LoRA, and what uses it."""
    with app.db.transaction(caller) as tx:
        card, uses = loras.get(tx, lora_id), loras.usages(tx, lora_id)
    return LoraDetailResponse(**lora_response(card, caller.tenant_id).model_dump(), uses=uses)


@router.patch("/{lora_id}")
def change_lora(lora_id: str, body: LoraChangeRequest, app: Studio, caller: Caller) -> LoraResponse:
    """Renames it; recipes of pictures that were made with it keep the old word."""
    with app.db.transaction(caller, needs="editor") as tx:
        return lora_response(loras.rename(tx, lora_id, body.name), caller.tenant_id)


@router.delete("/{lora_id}", status_code=204)
def delete_lora(
    lora_id: str, app: Studio, caller: Caller, force: Annotated[bool, Query(description="even if it is used")] = False
) -> Response:
    """Takes it out of the library; pictures stay. 409 with what uses it, unless `force`."""
    with app.db.transaction(caller, needs="editor") as tx:
        loras.delete(tx, lora_id, force=force)
    return Response(status_code=204)


def lora_response(card: LoraCard, tenant_id: str) -> LoraResponse:
    computed = ("tenant_id", "network_dim", "network_alpha", "s3_key", "lora_config_id")
    return LoraResponse(
        **{name: getattr(card, name) for name in LoraResponse.model_fields if name not in computed},
        tenant_id=tenant_id,
        network_dim=card.dim,
        network_alpha=card.alpha,
        s3_key=card.key,
        lora_config_id=card.run_id,
    )

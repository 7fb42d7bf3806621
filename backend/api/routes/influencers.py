"""Influencers: who they are, how they look and speak, the LoRA that draws them, and the report about one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from backend import generation, influencers
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.etags import IfMatch, require_match, set_etag
from backend.engines.ports.image import DEFAULT_LORA_WEIGHT
from backend.influencers import BrandKit, InfluencerCard, InfluencerDraft

router = APIRouter(prefix="/influencers", tags=["influencers"], dependencies=[needs_scope("influencers")])
_REPORT_WRITERS = {
    "json": (generation.report_json, "application/json"),
    "csv": (generation.report_csv, "text/csv; charset=utf-8"),
}


class PersonaRequest(ApiRequest):
    """How they speak. `do`, `dont`: what they always and never do; `neverSay`: words and phrases that stand in no text of
    theirs. `examples`: posts of theirs, `sampleLines`: single lines. `voiceStyle`: id of a writing style, or ""."""

    bio: str = ""
    audience: str = ""
    tone: str = ""
    style: str = ""
    topics: list[str] = Field([], max_length=50)
    do: list[str] = Field([], max_length=50)
    dont: list[str] = Field([], max_length=50)
    never_say: list[str] = Field([], max_length=50)
    examples: list[str] = Field([], max_length=50)
    sample_lines: list[str] = Field([], max_length=50)
    voice_style: str = ""


class PersonaResponse(ApiModel):
    """As in `PersonaRequest`."""

    bio: str
    audience: str
    tone: str
    style: str
    topics: list[str]
    do: list[str]
    dont: list[str]
    never_say: list[str]
    examples: list[str]
    sample_lines: list[str]
    voice_style: str


class BrandKitRequest(ApiRequest, BrandKit):
    """What is left out is not in it. Files are assets of pictures or videos."""

    color: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$", examples=["#ffffff"])
    highlight: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$", examples=["#ffd54a"])


class InfluencerRequest(ApiRequest):
    """`triggerWord` "": proposed from the name. `language`: BCP 47, one of the studio's. `timeZone`: IANA. `aiMark`: pictures
    carry the mark that an AI made them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Bella",
                    "persona": {"bio": "Yoga teacher in Milan", "tone": "warm, short sentences", "neverSay": ["cheap"]},
                    "language": "it",
                    "timeZone": "Europe/Rome",
                    "lookPrompt": "woman of 28, long dark hair, green eyes",
                }
            ]
        }
    )

    name: str
    persona: PersonaRequest = PersonaRequest()
    trigger_word: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    look_prompt: str = ""
    look_negative: str = ""
    ai_mark: bool = True
    default_lora_id: str | None = None
    default_lora_weight: float = Field(DEFAULT_LORA_WEIGHT, ge=-2, le=2, allow_inf_nan=False)
    cover_asset_id: str | None = None


class InfluencerChangeRequest(InfluencerRequest):
    """What is left out stays as it is, also within `persona`. `defaultLoraId`, `coverAssetId` null: none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"persona": {"tone": "dry"}, "defaultLoraId": "lora_…", "defaultLoraWeight": 0.8}]}
    )

    name: str = ""


class InfluencerResponse(ApiModel):
    """`defaultLoraName`: how prompts name that LoRA. `version` goes up with each change; the header `ETag` stands for it.
    `isSample`: the one to play with, see `/onboarding/sample-influencer`."""

    id: str
    tenant_id: str
    name: str
    persona: PersonaResponse
    trigger_word: str
    language: str
    time_zone: str
    look_prompt: str
    look_negative: str
    ai_mark: bool
    default_lora_id: str | None
    default_lora_name: str | None
    default_lora_weight: float
    cover_asset_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    is_sample: bool


def _influencer_response(card: InfluencerCard, tenant_id: str) -> InfluencerResponse:
    fields = {name: getattr(card, name) for name in InfluencerResponse.model_fields if name not in ("tenant_id", "persona")}
    return InfluencerResponse(tenant_id=tenant_id, persona=PersonaResponse.model_validate(card.persona), **fields)


def _whole(response: Response, card: InfluencerCard, tenant_id: str) -> InfluencerResponse:
    set_etag(response, _version(card))
    return _influencer_response(card, tenant_id)


def _version(card: InfluencerCard) -> str:
    return f"{card.version} {card.updated_at.isoformat()}"


@router.get("")
def list_influencers(
    app: Studio,
    caller: Caller,
    response: Response,
    archived: Annotated[bool, Query(description="those in the archive instead")] = False,
    q: Annotated[str, Query(max_length=200, description="looks in names")] = "",
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> Listing[InfluencerResponse]:
    """Newest first."""
    with app.db.transaction(caller) as tx:
        page = influencers.page(tx, archived=archived, text=q, cursor=cursor, take=take, skip=skip)
    data = [_influencer_response(card, caller.tenant_id) for card in page.cards]
    return listing(response, data, total=page.total, take=take, skip=skip, cursor=page.next_cursor)


@router.post("", status_code=201)
def create_influencer(body: InfluencerRequest, app: Studio, caller: Caller, response: Response) -> InfluencerResponse:
    """Makes an influencer. 409 when the name is taken, also by one in the archive."""
    draft = InfluencerDraft(**_draft_values(body))
    with app.db.transaction(caller, needs="editor") as tx:
        card = _set_lora_and_cover(tx, influencers.create(tx, draft), body)
    response.headers["location"] = f"/api/influencers/{card.id}"
    return _whole(response, card, caller.tenant_id)


@router.get("/{influencer_id}")
def get_influencer(influencer_id: str, app: Studio, caller: Caller, response: Response) -> InfluencerResponse:
    """One influencer, also from the archive."""
    with app.db.transaction(caller) as tx:
        return _whole(response, influencers.get(tx, influencer_id), caller.tenant_id)


@router.patch("/{influencer_id}")
def change_influencer(
    influencer_id: str,
    body: InfluencerChangeRequest,
    app: Studio,
    caller: Caller,
    response: Response,
    if_match: IfMatch = "",
) -> InfluencerResponse:
    """Changes what the body names. 409 when somebody else was quicker."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = influencers.get(tx, influencer_id)
        require_match(if_match, _version(card), "influencer")
        values = _draft_values(body)
        if "persona" in values:
            values["persona"] = {**card.persona.model_dump(), **values["persona"]}
        draft = InfluencerDraft(**{**card.draft().model_dump(), **values})
        card = _set_lora_and_cover(tx, influencers.save(tx, influencer_id, draft, version=card.version), body)
        return _whole(response, card, caller.tenant_id)


@router.post("/{influencer_id}/archive")
def archive_influencer(influencer_id: str, app: Studio, caller: Caller, response: Response) -> InfluencerResponse:
    """Hides them from lists; their pictures, datasets, LoRAs and posts stay."""
    with app.db.transaction(caller, needs="editor") as tx:
        return _whole(response, influencers.archive(tx, influencer_id), caller.tenant_id)


@router.post("/{influencer_id}/unarchive")
def unarchive_influencer(influencer_id: str, app: Studio, caller: Caller, response: Response) -> InfluencerResponse:
    """Brings them back from the archive."""
    with app.db.transaction(caller, needs="editor") as tx:
        return _whole(response, influencers.restore(tx, influencer_id), caller.tenant_id)


@router.delete("/{influencer_id}", status_code=204)
def delete_influencer(influencer_id: str, app: Studio, caller: Caller) -> Response:
    """Moves them to the archive, as `/archive` does: what was made for them names them for good, so nobody is erased."""
    with app.db.transaction(caller, needs="editor") as tx:
        influencers.archive(tx, influencer_id)
    return Response(status_code=204)


@router.get("/{influencer_id}/report", response_class=Response)
def get_influencer_report(influencer_id: str, app: Studio, caller: Caller, format: Literal["json", "csv"] = "json") -> Response:
    """Pictures, LoRAs, datasets and rights statements of one influencer, as a file."""
    contents = app.db.read_list(caller, lambda tx: generation.influencer_report(tx, influencer_id))
    write, content_type = _REPORT_WRITERS[format]
    name = quote(f"{contents.influencer} {contents.at:%Y-%m-%d}.{format}", safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}", "cache-control": "no-store"}
    return Response(write(contents), headers=headers, media_type=content_type)


@router.get("/{influencer_id}/brand-kit")
def get_brand_kit(influencer_id: str, app: Studio, caller: Caller) -> BrandKitRequest:
    """Logo, colours, intro and outro of their reels."""
    with app.db.transaction(caller) as tx:
        return BrandKitRequest(**influencers.brand_kit(tx, influencer_id).model_dump())


@router.put("/{influencer_id}/brand-kit")
def set_brand_kit(influencer_id: str, body: BrandKitRequest, app: Studio, caller: Caller) -> BrandKitRequest:
    """Reels that are rendered from now on have it."""
    with app.db.transaction(caller, needs="editor") as tx:
        kit = influencers.set_brand_kit(tx, influencer_id, BrandKit(**body.model_dump()))
    return BrandKitRequest(**kit.model_dump())


def _draft_values(body: InfluencerRequest) -> dict[str, Any]:
    """The values of `InfluencerDraft` that were sent."""
    return body.model_dump(exclude_unset=True, exclude={"default_lora_id", "default_lora_weight", "cover_asset_id"})


def _set_lora_and_cover(tx: Session, card: InfluencerCard, body: InfluencerRequest) -> InfluencerCard:
    sent = body.model_fields_set
    if {"default_lora_id", "default_lora_weight"} & sent:
        lora_id = body.default_lora_id if "default_lora_id" in sent else card.default_lora_id
        weight = body.default_lora_weight if "default_lora_weight" in sent else card.default_lora_weight
        card = influencers.set_default_lora(tx, card.id, lora_id, weight)
    if "cover_asset_id" in sent:
        card = influencers.set_cover(tx, card.id, body.cover_asset_id)
    return card

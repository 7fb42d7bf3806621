"""Voices over HTTP: what engines offer, those of the workspace, of influencers, and the lexicon. Speaking is POST /jobs, type
`voice-preview`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import influencers, voices
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.voices.schemas import Speed

router = APIRouter(tags=["voices"], dependencies=[needs_scope("influencers")])


class OfferedVoiceResponse(ApiModel):
    """A voice that an engine has now. `refusal`: why it cannot be added, or ""."""

    engine: str
    engine_title: str
    name: str
    title: str
    language: str
    quality: str
    licence: str
    paid: bool
    refusal: Worded


class VoiceResponse(ApiModel):
    """`kind`: synthetic, recorded or cloned (then with `consentId`). `quality`: natural or robotic. `refusal`: why it cannot be
    used, or "". `onlyFor`: the one influencer it may be used for."""

    id: str
    title: str
    kind: str
    engine: str
    engine_voice: str
    language: str
    licence: str
    quality: str
    weights_sha256: str
    created_at: datetime
    consent_id: str | None
    refusal: Worded
    only_for: str | None


class NewVoiceRequest(ApiRequest):
    engine: str = Field(max_length=80, examples=["hibari"])
    name: str = Field(max_length=200, examples=["heart"])


class VoiceChoiceRequest(ApiRequest):
    """`voiceId` null: they have no voice any more."""

    voice_id: str | None = Field(None, max_length=80)
    speed: Speed = 1.0


class VoiceChoiceResponse(ApiModel):
    voice: VoiceResponse | None
    speed: float


class PronunciationRequest(ApiRequest):
    """`written` is read as `spoken`; captions keep what is written."""

    written: str = Field(max_length=200, examples=["Nguyen"])
    spoken: str = Field(max_length=200, examples=["Win"])


class PronunciationResponse(ApiModel):
    id: str
    written: str
    spoken: str


class LostCallsResponse(ApiModel):
    """How many lost answers may be asked for again."""

    count: int


@router.get("/voices/offered")
def list_offered_voices(
    app: Studio,
    caller: Caller,
    response: Response,
    language: Annotated[str, Query(max_length=10, description="ISO 639-1; empty: all")] = "",
) -> Listing[OfferedVoiceResponse]:
    """What the speech engines have, natural voices first."""
    with app.db.transaction(caller):
        pass
    offers = voices.offered(app.engines.speech, language)
    return listing(response, [OfferedVoiceResponse.model_validate(offer) for offer in offers])


@router.get("/voices")
def list_voices(
    app: Studio,
    caller: Caller,
    response: Response,
    take: Annotated[int, Query(ge=1, le=200)] = 60,
    cursor: str | None = None,
) -> Listing[VoiceResponse]:
    """Newest first."""
    with app.db.transaction(caller) as tx:
        page = voices.page(tx, take=take, cursor=cursor)
    response.headers["x-total-count"] = str(page.total)
    data = [VoiceResponse.model_validate(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=0, next_cursor=page.next_cursor)


@router.post("/voices", status_code=201)
def add_voice(body: NewVoiceRequest, app: Studio, caller: Caller) -> VoiceResponse:
    """Takes a voice of an engine into the workspace; the same one again returns the first."""
    with app.db.transaction(caller, needs="editor") as tx:
        return VoiceResponse.model_validate(voices.add(tx, app.engines.speech, engine=body.engine, name=body.name))


@router.get("/voices/{voice_id}")
def get_voice(voice_id: str, app: Studio, caller: Caller) -> VoiceResponse:
    with app.db.transaction(caller) as tx:
        return VoiceResponse.model_validate(voices.get(tx, voice_id))


@router.post("/voices/{voice_id}/forget-lost")
def forget_lost_calls(voice_id: str, app: Studio, caller: Caller) -> LostCallsResponse:
    """Allows a paid voice to be asked again for texts whose answer was lost. They may be paid a second time."""
    with app.db.transaction(caller, needs="editor") as tx:
        return LostCallsResponse(count=voices.forget_lost(tx, voice_id))


@router.get("/influencers/{influencer_id}/voice")
def get_influencer_voice(influencer_id: str, app: Studio, caller: Caller) -> VoiceChoiceResponse:
    with app.db.transaction(caller) as tx:
        influencers.get(tx, influencer_id)
        choice = voices.for_influencer(tx, influencer_id)
    if choice is None:
        return VoiceChoiceResponse(voice=None, speed=1.0)
    return VoiceChoiceResponse(voice=VoiceResponse.model_validate(choice.voice), speed=choice.speed)


@router.put("/influencers/{influencer_id}/voice")
def put_influencer_voice(influencer_id: str, body: VoiceChoiceRequest, app: Studio, caller: Caller) -> VoiceChoiceResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        voices.choose(tx, influencer_id, body.voice_id, speed=body.speed)
    return get_influencer_voice(influencer_id, app, caller)


@router.get("/lexicon")
def list_pronunciations(app: Studio, caller: Caller, response: Response) -> Listing[PronunciationResponse]:
    """How words and names are said by every voice of the workspace."""
    with app.db.transaction(caller) as tx:
        return listing(response, [PronunciationResponse.model_validate(card) for card in voices.lexicon(tx)])


@router.put("/lexicon")
def put_pronunciation(body: PronunciationRequest, app: Studio, caller: Caller) -> PronunciationResponse:
    """Adds a pronunciation, or changes that of the same word."""
    with app.db.transaction(caller, needs="editor") as tx:
        return PronunciationResponse.model_validate(voices.set_pronunciation(tx, body.written, body.spoken))


@router.delete("/lexicon/{entry_id}", status_code=204)
def delete_pronunciation(entry_id: str, app: Studio, caller: Caller) -> None:
    with app.db.transaction(caller, needs="editor") as tx:
        voices.remove_pronunciation(tx, entry_id)

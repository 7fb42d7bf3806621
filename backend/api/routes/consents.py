"""Consents over HTTP: a statement to read, its recording (POST /jobs, type `consent-check`), what was made of it, revoking.
Copying the voice is POST /jobs, type `voice-clone`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import consents, voices
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded
from backend.api.deps import Caller, Studio, needs_scope
from backend.consents import ConsentDraft

router = APIRouter(prefix="/consents", tags=["consents"], dependencies=[needs_scope("influencers")])


class VoiceUseResponse(ApiModel):
    """`noun`: speech (`id` of its asset) or reel."""

    noun: str
    id: str
    title: str
    created_at: datetime


class ConsentResponse(ApiModel):
    """`state`: unread, checking, refused (`problem` says why), valid, expired, revoked. `transcriptCheck`: matched, differs,
    unchecked (no recogniser for the language), confirmed (an owner listened), or "". `madeWith`: of a single
    consent, what was made with its voices (those of /voices with its `consentId`)."""

    id: str
    subject_kind: str
    subject_name: str
    language: str
    statement: str
    influencer_id: str | None
    expires_on: date | None
    state: str
    problem: Worded
    job_id: str | None
    asset_id: str | None
    recorded_at: datetime | None
    transcript: str
    match: float | None
    transcript_check: str
    revoked_at: datetime | None
    revoke_reason: str
    created_at: datetime
    made_with: list[VoiceUseResponse] = Field(default_factory=list)


class ConsentRequest(ApiRequest):
    """`influencerId` null: the copy may be used for every influencer. `expiresOn`: the last day; null: until it is revoked."""

    subject_kind: str = Field("voice", max_length=20, examples=["voice"])
    subject_name: str = Field(max_length=200, examples=["Anna Bell"])
    language: str = Field(max_length=10, examples=["en"])
    influencer_id: str | None = Field(None, max_length=80)
    expires_on: date | None = None


class RevokeRequest(ApiRequest):
    reason: str = Field("", max_length=1000, examples=["She asked for it."])


@router.get("")
def list_consents(
    app: Studio,
    caller: Caller,
    response: Response,
    take: Annotated[int, Query(ge=1, le=200)] = 60,
    cursor: str | None = None,
) -> Listing[ConsentResponse]:
    """Newest first."""
    with app.db.transaction(caller) as tx:
        page = consents.page(tx, take=take, cursor=cursor)
    response.headers["x-total-count"] = str(page.total)
    data = [ConsentResponse.model_validate(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=0, next_cursor=page.next_cursor)


@router.post("", status_code=201)
def create_consent(body: ConsentRequest, app: Studio, caller: Caller, response: Response) -> ConsentResponse:
    """Writes the statement that the person reads aloud within a day. Upload the recording (/uploads, noun `consent`, nounId:
    the consent's id), then start `consent-check`."""
    draft = ConsentDraft(**body.model_dump())
    with app.db.transaction(caller, needs="editor") as tx:
        card = consents.create(tx, draft)
    response.headers["location"] = f"/api/consents/{card.id}"
    return ConsentResponse.model_validate(card)


@router.get("/{consent_id}")
def get_consent(consent_id: str, app: Studio, caller: Caller) -> ConsentResponse:
    with app.db.transaction(caller) as tx:
        answer = ConsentResponse.model_validate(consents.get(tx, consent_id))
        answer.made_with = [VoiceUseResponse.model_validate(use) for use in voices.made_with(tx, consent_id)]
    return answer


@router.post("/{consent_id}/confirm")
def confirm_consent(consent_id: str, app: Studio, caller: Caller) -> ConsentResponse:
    """An owner listened to the recording and heard the statement."""
    with app.db.transaction(caller, needs="owner") as tx:
        return ConsentResponse.model_validate(consents.confirm(tx, consent_id))


@router.post("/{consent_id}/revoke")
def revoke_consent(consent_id: str, body: RevokeRequest, app: Studio, caller: Caller) -> ConsentResponse:
    """Ends it for good: its voices cannot be used any more, jobs that wait for them fail, and their engine deletes them."""
    with app.db.transaction(caller, needs="editor") as tx:
        return ConsentResponse.model_validate(consents.revoke(tx, consent_id, body.reason))

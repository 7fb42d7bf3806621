"""Values of consents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from backend.errors import Refused
from backend.kit.drafts import Draft

NOUN = UPLOAD_NOUN = "consent"
"""Noun of its uploads (/api/uploads); their noun id is the consent's."""
CHECK_KIND = "consent-check"
MIN_SECONDS, MAX_SECONDS = 5.0, 300.0
"""Of a recording."""
READ_WITHIN_HOURS = 24
"""A statement is read within so many hours: its words are fresh."""
ConsentState = Literal["unread", "checking", "refused", "valid", "expired", "revoked"]
TranscriptCheck = Literal["", "matched", "differs", "unchecked", "confirmed"]


class ConsentEnded(Refused):
    """There is no valid consent (any more) for what was to be done."""

    code = "consent_ended"
    status = 409


class ConsentDraft(Draft):
    """Who consents to what. `subject_name`: as they introduce themselves. `influencer_id` None: the copy may be used for every
    influencer of the workspace. `expires_on`: the last day; None: until it is revoked."""

    subject_kind: Literal["voice"] = "voice"
    subject_name: str = Field(min_length=2, max_length=120)
    language: str = Field(min_length=2, max_length=2)
    influencer_id: str | None = Field(None, max_length=80)
    expires_on: date | None = None


class RecordingDraft(Draft):
    """A recording of the statement. `upload_id`: a sound file that was uploaded for the consent."""

    consent_id: str = Field(max_length=80)
    upload_id: str = Field(max_length=80)


class RecordingPayload(BaseModel):
    """Of a `consent-check` job."""

    consent_id: str
    upload_id: str


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[ConsentCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ConsentCard:
    """`state`: unread (no recording yet), checking, refused (the recording does not fit the statement, or cannot be used; then
    `problem` says why), valid, expired, revoked.

    `transcript_check`: "" (no recording), matched and differs (compared with what a recogniser heard, `match` 0 to 1),
    unchecked (there is no recogniser for the language), confirmed (an owner listened).
    """

    id: str
    subject_kind: str
    subject_name: str
    language: str
    statement: str
    influencer_id: str | None
    expires_on: date | None
    state: ConsentState
    problem: str
    job_id: str | None
    asset_id: str | None
    recorded_at: datetime | None
    transcript: str
    match: float | None
    transcript_check: TranscriptCheck
    revoked_at: datetime | None
    revoke_reason: str
    created_at: datetime

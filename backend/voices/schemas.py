"""Values of voices: those that engines offer, those of a workspace, the lexicon, and what was spoken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.engines.ports.speech import MAX_SPEED, MIN_SPEED, SpokenWord, TimingSource
from backend.kit.drafts import Draft

CLONE_KIND, REMOVAL_KIND = "voice-clone", "voice-removal"
CLONE_STEP = "voice"
"""Step of a job that copies a voice: its voice is written down."""
MAX_CHARACTERS = 10_000
"""Of one text that is spoken: about ten minutes."""
Speed = Annotated[float, Field(ge=MIN_SPEED, le=MAX_SPEED)]


@dataclass(frozen=True, slots=True)
class OfferedVoice:
    """A voice that an engine has now. `paid`: speaking with it costs money. `refusal`: why it cannot be added, or "".
    `voice_id`: of a cloned one, which is a voice of the workspace already; else ""."""

    engine: str
    engine_title: str
    name: str
    title: str
    language: str
    quality: str
    licence: str
    paid: bool
    weights_sha256: str
    refusal: str = ""
    voice_id: str = ""


@dataclass(frozen=True, slots=True)
class VoiceCard:
    """A voice of the workspace. `kind`: synthetic, recorded or cloned; `quality`: natural or robotic. `consent_id`: of a cloned
    voice; `refusal`: why it cannot be used (its consent has ended), or ""; `only_for`: the one influencer it may be used for.
    """

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
    consent_id: str | None = None
    refusal: str = ""
    only_for: str | None = None


@dataclass(frozen=True, slots=True)
class VoicePage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[VoiceCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ChosenVoice:
    """The voice of an influencer; `speed` 1.0: the voice's own pace."""

    voice: VoiceCard
    speed: float


@dataclass(frozen=True, slots=True)
class LexiconCard:
    """`written` is read as `spoken`."""

    id: str
    written: str
    spoken: str


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A WAV file in the storage. `words`: as they were written, in seconds of the file; empty with the source `none`."""

    asset_id: str
    s3_key: str
    content_type: str
    duration_s: float
    words: tuple[SpokenWord, ...]
    timing_source: TimingSource


class PreviewDraft(Draft):
    """What a voice is to say. `speed` None: the voice's own pace."""

    voice_id: str = Field(max_length=80)
    text: str = Field(min_length=1, max_length=MAX_CHARACTERS)
    speed: Speed = 1.0


class PreviewPayload(BaseModel):
    voice_id: str
    text: str
    speed: float = 1.0


class CloneDraft(Draft):
    """A copy of the voice of a consent's recording. `title` "": the name of the person."""

    consent_id: str = Field(max_length=80)
    engine: str = Field(max_length=80)
    title: str = Field("", max_length=120)


@dataclass(frozen=True, slots=True)
class CloningEngine:
    """An engine that copies voices. `keeps_copies` False: it keeps nothing of the person, and speaks with the recording."""

    name: str
    title: str
    keeps_copies: bool


class ClonePayload(BaseModel):
    consent_id: str
    engine: str
    title: str


class RemovalPayload(BaseModel):
    """A voice whose consent ended, or (`voice_id` "") what the job `clone_job_id` may have left at its `engine`."""

    voice_id: str = ""
    clone_job_id: str = ""
    engine: str = ""


@dataclass(frozen=True, slots=True)
class VoiceUse:
    """What was made with a voice. `noun`: speech (`id` of its asset) or reel."""

    noun: str
    id: str
    title: str
    created_at: datetime

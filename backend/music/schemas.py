"""What goes into and comes out of the music door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, Field

from backend.kit.drafts import Draft
from backend.language import tr_lazy

NOUN, IMPORT_KIND = "track", "music-import"
UPLOAD_NOUN, INBOX = "music", "import"
"""Noun and noun id of its uploads (/api/uploads)."""
MAX_SECONDS, MIN_SECONDS = 1800.0, 3.0
REFERENCE_LUFS = -15.5
"""Every track is brought to it before a film's own volume is applied: so loud are the pieces that come along."""
LICENCES = {
    "CC0-1.0": tr_lazy("CC0: free for everything"),
    "CC-BY-4.0": tr_lazy("CC BY 4.0: the author is named"),
    "bought": tr_lazy("Bought, or from a royalty-free library"),
    "own": tr_lazy("Our own recording"),
}
"""Those that are offered; any other may be written."""


class TrackDraft(Draft):
    """What allows the use of a track. `licence`: a key of LICENCES or what it is called; `source`: an address, or who made it;
    `credit`: how its author is named."""

    title: str = Field("", max_length=120)
    licence: str = Field("", max_length=120)
    source: str = Field("", max_length=500)
    credit: str = Field("", max_length=300)


class NewTrack(TrackDraft):
    """A track, and the upload that holds its sound (/api/uploads, noun `music`, id `import`)."""

    upload_id: str = Field(max_length=80)


class TrackPayload(BaseModel):
    """Of a `music-import` job."""

    track_id: str
    upload_id: str


@dataclass(frozen=True, slots=True)
class TrackCard:
    """`bundled`: it came along, lies at `path`, and cannot be changed. Else its file is `asset_id`, None until it is checked:
    `state` is its job's then. `peaks`: its waveform, 0..100. `lufs`: its loudness."""

    id: str
    title: str
    licence: str
    source: str
    credit: str
    seconds: float = 0.0
    lufs: float = REFERENCE_LUFS
    peaks: tuple[int, ...] | list[int] = ()
    note: str = ""
    bundled: bool = False
    path: Path | None = None
    asset_id: str | None = None
    job_id: str | None = None
    state: str = "completed"
    error_message: str = ""
    created_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it can be heard."""
        return self.bundled or self.asset_id is not None


class UsedTrack(BaseModel):
    """A track as a film uses it, kept with the film. `gain_db`: what brings it to REFERENCE_LUFS."""

    id: str
    title: str
    licence: str
    source: str
    credit: str
    seconds: float
    gain_db: float
    asset_id: str | None = None


@dataclass(frozen=True, slots=True)
class TrackUse:
    """A video (`noun` video) or a reel in which a track is heard."""

    noun: str
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class TrackPage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[TrackCard]
    next_cursor: str | None
    total: int

"""What goes into and comes out of the datasets' door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from backend.kit.drafts import Draft

LONGEST_CAPTION = 2000
ImageFilter = Literal["", "included", "excluded", "blurred", "near_duplicates", "uncaptioned", "without_trigger"]


class DatasetDraft(Draft):
    """`trigger_word` may be empty while pictures are collected."""

    name: str
    trigger_word: str = ""

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not 1 <= len(name) <= 80:
            raise ValueError("The name of a dataset must have 1 to 80 characters.")
        return name

    @field_validator("trigger_word")
    @classmethod
    def _word(cls, word: str) -> str:
        if len(word) > 32 or any(c.isspace() or c in ",<>()[]:" for c in word):
            raise ValueError("The trigger word must be one word of at most 32 characters, for example bella_01.")
        return word


class RightsDraft(Draft):
    statement: str

    @field_validator("statement")
    @classmethod
    def _said(cls, statement: str) -> str:
        if not 5 <= len(statement) <= 1000:
            raise ValueError("Say in a sentence whose pictures these are and why you may use them.")
        return statement


class CaptionDraft(Draft):
    caption: str = Field(max_length=LONGEST_CAPTION)


class IngestPayload(BaseModel):
    """`character`: name of a bundled sample character to bring in, besides the uploads that wait."""

    dataset_id: str
    character: str = ""


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """`images`, `included`: counts. `cover_asset_ids`: the first pictures, at most four. `rights_by`: a user's id."""

    id: str
    name: str
    influencer_id: str | None
    influencer_name: str | None
    trigger_word: str
    status: str
    rights_statement: str
    rights_by: str | None
    rights_at: datetime | None
    images: int
    included: int
    cover_asset_ids: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[DatasetCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ImageCard:
    """`sharpness`: variance of the Laplacian at 512 px. `near_duplicate_distance`: differing bits of 64.

    `notes` of ingest: {"code", "sentence"}.
    """

    id: str
    dataset_id: str
    asset_id: str
    filename: str
    width: int
    height: int
    sharpness: float
    blurred: bool
    near_duplicate_of: str | None
    near_duplicate_distance: int | None
    included: bool
    caption: str
    caption_by: str
    caption_version: int
    notes: list[dict[str, Any]]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ImagePage:
    """In the order they came in. `total`: how many the filter leaves."""

    images: list[ImageCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class RefusedCard:
    """A file that was not taken; one inside an archive is called `archive.zip/name.jpg`."""

    id: str
    filename: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`count`: how many pictures it is about."""

    code: str
    sentence: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of pictures; all but `images` count only the included ones."""

    images: int = 0
    included: int = 0
    blurred: int = 0
    near_duplicates: int = 0
    uncaptioned: int = 0
    without_trigger: int = 0
    low_resolution: int = 0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Training starts only without blockers; warnings say what would make it better."""

    blockers: list[Finding]
    warnings: list[Finding]
    stats: Stats

    @property
    def ready(self) -> bool:
        return not self.blockers


@dataclass(frozen=True, slots=True)
class TrainItem:
    asset_id: str
    key: str
    caption: str


@dataclass(frozen=True, slots=True)
class Changed:
    """`undo`: give it to `set_captions` to take the change back (image id -> former caption, version now)."""

    count: int
    undo: Mapping[str, tuple[str, int]] = field(default_factory=dict)

"""Values of datasets: drafts that are validated, job payloads, and cards for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from backend.kit.drafts import Draft
from backend.language import tr_lazy, worded

MAX_CAPTION_CHARS = 2000
ProblemCode = Literal[
    "too_small",
    "low_resolution",
    "blurred",
    "dark",
    "bright",
    "flat",
    "clipped",
    "near_duplicates",
    "several_faces",
    "uncaptioned",
    "without_trigger",
    "unmeasured",
]
Framing = Literal["face", "bust", "body", "unknown"]
ImageFilter = Literal["", "included", "excluded", "problems", "cropped", "masked", ProblemCode, Framing]
DatasetStatus = Literal["draft", "ready", "training"]
DatasetSort = Literal["created_at", "updated_at", "name"]
RightsKind = Literal["made_up", "myself", "agreed", "", "withdrawn"]


class DatasetDraft(Draft):
    """`trigger_word` may be empty while pictures are collected."""

    name: str
    trigger_word: str = ""

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not 3 <= len(name) <= 80:
            raise ValueError(tr_lazy("The name of a dataset must have 3 to 80 characters."))
        return name

    @field_validator("trigger_word")
    @classmethod
    def _check_trigger_word(cls, word: str) -> str:
        return _checked_trigger_word(word)


class TriggerWordDraft(Draft):
    trigger_word: str

    @field_validator("trigger_word")
    @classmethod
    def _check_trigger_word(cls, word: str) -> str:
        return _checked_trigger_word(word)


def _checked_trigger_word(word: str) -> str:
    if len(word) > 32 or any(c.isspace() or c in ",<>()[]:" for c in word):
        raise ValueError(tr_lazy("The trigger word must be one word of at most 32 characters, for example bella_01."))
    return word


class DatasetMetadata(Draft):
    """What programs note of a dataset. `path`: where its pictures come from, in their words; nothing is read there.
    `expected_images`: how many pictures it is to have. `caption_style`: how captions are written unless a request says
    otherwise: natural sentences, or tags."""

    path: str = Field("", max_length=500)
    expected_images: int | None = Field(None, ge=1, le=1_000_000)
    caption_style: Literal["natural", "tags"] = "natural"
    tags: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=60)], ...], Field(max_length=50)] = ()


class RightsDraft(Draft):
    """`statement`: needed when `kind` is "". `note`: where the agreement is kept, or who invented the person."""

    kind: RightsKind
    statement: str = Field("", max_length=1000)
    note: str = Field("", max_length=2000)
    until: datetime | None = None

    @model_validator(mode="after")
    def _check_statement(self) -> RightsDraft:
        if not self.kind and len(self.statement) < 5:
            raise ValueError(tr_lazy("Write in a sentence whose pictures these are and why you may use them."))
        if self.kind == "agreed" and len(self.note) < 3:
            raise ValueError(tr_lazy("Enter who agreed and where that agreement is kept."))
        return self


class Thresholds(Draft):
    """What counts as a problem in one dataset; applied on reading, so a change needs no new measurement.

    `sharpness` None: derived from the median of the dataset. `dark`, `bright`, `contrast` in 0-255; `clipped`, `face_from`,
    `bust_from` are shares; `near_bits`: differing bits of 64.
    """

    sharpness: float | None = Field(None, ge=0, le=20_000)
    dark: float = Field(40.0, ge=0, le=255)
    bright: float = Field(225.0, ge=0, le=255)
    contrast: float = Field(15.0, ge=0, le=127)
    clipped: float = Field(0.5, ge=0, le=1)
    near_bits: int = Field(6, ge=0, le=16)
    max_faces: int = Field(1, ge=1, le=20)
    face_from: float = Field(0.32, ge=0, le=1)
    bust_from: float = Field(0.13, ge=0, le=1)


class CaptionDraft(Draft):
    caption: str = Field(max_length=MAX_CAPTION_CHARS)


CAPTION_VERBS = {
    "replace": tr_lazy("Replaced “{find}” with “{put}”"),
    "prefix": tr_lazy("Put “{put}” in front"),
    "suffix": tr_lazy("Added “{put}” at the end"),
    "remove": tr_lazy("Removed the tag “{find}”"),
    "cut": tr_lazy("Removed “{find}”"),
    "trigger": tr_lazy("Put the trigger word in front"),
    "tidy": tr_lazy("Tidied commas and repeated tags"),
}


class CaptionEdit(Draft):
    """One change to many captions. Spaces in `find` and `put` are significant, and so is their case."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)

    verb: Literal["replace", "prefix", "suffix", "remove", "cut", "trigger", "tidy"]
    find: str = Field("", max_length=500)
    put: str = Field("", max_length=500)

    @property
    def title(self) -> str:
        template = CAPTION_VERBS[self.verb]
        return template if self.verb in ("trigger", "tidy") else template.format(find=self.find.strip(), put=self.put.strip())


class IngestPayload(BaseModel):
    """`character`: name of a bundled sample character to add, besides the waiting uploads."""

    dataset_id: str
    character: str = ""


class ScanPayload(BaseModel):
    dataset_id: str


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
    rights_kind: str
    rights_note: str
    rights_until: datetime | None
    thresholds: Thresholds
    metadata: DatasetMetadata
    images: int
    included: int
    cover_asset_ids: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """`next_cursor` None: nothing older, or in another order than newest first."""

    cards: list[DatasetCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Box:
    """In px of the whole picture."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Reason:
    """A problem of one picture, with the measured value and the limit: “sharpness 41, at least 60”."""

    code: ProblemCode
    sentence: str
    blocker: bool = False


@dataclass(frozen=True, slots=True)
class ImageCard:
    """`reasons`: what is wrong with it, whether or not it is included. `near_duplicate_distance`: differing bits of 64.

    `alike`: id of its near-duplicate group. `crop` None: the whole picture. `mask_asset_id` None: all of it is learned.
    `face_box`: x, y, width, height as shares. `notes` of the import: `coded` ones. `repeats`: how often an epoch of a
    training shows it.
    """

    id: str
    dataset_id: str
    asset_id: str
    filename: str
    width: int
    height: int
    sharpness: float
    brightness: float | None
    contrast: float | None
    clipped: float | None
    faces: int | None
    face_box: list[Any] | None
    framing: Framing
    near_duplicate_of: str | None
    near_duplicate_distance: int | None
    alike: str | None
    included: bool
    caption: str
    caption_by: str
    caption_source: str
    caption_version: int
    crop: Box | None
    crop_version: int
    mask_asset_id: str | None
    mask_version: int
    notes: list[dict[str, Any]]
    created_at: datetime
    repeats: int = 1
    reasons: tuple[Reason, ...] = ()

    @property
    def blurred(self) -> bool:
        return any(reason.code == "blurred" for reason in self.reasons)

    @property
    def short_side(self) -> int:
        """Of the crop, or of the whole picture, px."""
        return min(self.crop.width, self.crop.height) if self.crop else min(self.width, self.height)

    def tile(self) -> dict[str, Any]:
        """The JSON of one tile of the grid. A plain dict: a page of 60 takes a tenth of the time of 60 pydantic models."""
        return {
            "id": self.id,
            "assetId": self.asset_id,
            "name": self.filename,
            "caption": self.caption,
            "included": self.included,
            "cropped": self.crop is not None,
            "masked": self.mask_asset_id is not None,
            "reasons": [[reason.code, worded(reason.sentence), reason.blocker] for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class ImagePage:
    """In the order they were added. `total`: how many match the filter; None on later pages, or when `counted` was False."""

    images: list[ImageCard]
    next_cursor: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """`count`: how many pictures it is about."""

    code: str
    sentence: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of pictures; all but `images` count only the included ones.

    `near_duplicates`: those that could be excluded while each group keeps one. `face` to `unknown`: by framing. `shown`: how
    many an epoch of a training shows, each as often as its repeats.
    """

    images: int = 0
    included: int = 0
    shown: int = 0
    too_small: int = 0
    low_resolution: int = 0
    blurred: int = 0
    dark: int = 0
    bright: int = 0
    flat: int = 0
    clipped: int = 0
    near_duplicates: int = 0
    several_faces: int = 0
    uncaptioned: int = 0
    without_trigger: int = 0
    unmeasured: int = 0
    cropped: int = 0
    masked: int = 0
    face: int = 0
    bust: int = 0
    body: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Training starts only without blockers; warnings say what would make it better."""

    blockers: list[Finding]
    warnings: list[Finding]
    stats: Stats

    @property
    def ready(self) -> bool:
        return not self.blockers


class IngestOrder(Draft):
    dataset_id: str

"""Values returned by the checks, the captions and the edit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from backend.datasets.schemas import ImageCard, RightsKind


@dataclass(frozen=True, slots=True)
class EditCard:
    """One edit of many pictures, for the list of changes. `said_by`: a user's id."""

    id: str
    kind: str
    title: str
    count: int
    said_by: str
    created_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class UndoResult:
    """`count`: restored pictures. `kept`: those left as they are, because somebody changed them since (or, of removed ones,
    because they were added again or their files are gone)."""

    count: int
    kept: int


@dataclass(frozen=True, slots=True)
class CaptionChange:
    image_id: str
    asset_id: str
    filename: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CaptionVersion:
    """`source`: person, file, sample, bulk, undo, restored, or a model's name; empty: from before histories were kept.

    `said_by`: a user's id.
    """

    version: int
    caption: str
    source: str
    said_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TagCount:
    tag: str
    count: int


@dataclass(frozen=True, slots=True)
class CaptionLeak:
    """A phrase (`words`) in `count` of `total` captions that the trigger word should stand for. `why` trait: it names hair,
    eyes or skin; always: nearly every caption has it, so the LoRA would learn it under these words."""

    words: str
    count: int
    total: int
    why: Literal["trait", "always"]


@dataclass(frozen=True, slots=True)
class RightsEntry:
    """`kind` withdrawn: the earlier statement no longer applies. `until`: agreed end. `said_by`: a user's id."""

    kind: RightsKind
    statement: str
    note: str
    until: datetime | None
    said_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FixSuggestion:
    """Something the studio can do about what the check found. `key` is what `preview_fix` and `apply_fix` take."""

    key: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class FixPreview:
    """`out`: pictures that would be excluded; `kept`: the one of each group that stays; `captions`: those that would change."""

    title: str
    out: list[ImageCard] = field(default_factory=list)
    kept: list[ImageCard] = field(default_factory=list)
    captions: list[CaptionChange] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.out) or len(self.captions)


@dataclass(frozen=True, slots=True)
class NearDuplicateGroup:
    """`best_id`: the picture to keep. `images` in the order they were added."""

    id: str
    best_id: str
    images: list[ImageCard]


@dataclass(frozen=True, slots=True)
class Bucket:
    """One size that pictures are scaled and cropped to. `cut`: the largest share cropped from any of them, 0 to 1;
    `enlarged`: how many are smaller than the bucket."""

    width: int
    height: int
    count: int
    cut: float
    enlarged: int


@dataclass(frozen=True, slots=True)
class BucketPreview:
    """Largest bucket first. `warning` empty: nothing to say."""

    buckets: list[Bucket]
    warning: str


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was refused; one inside an archive is called `archive.zip/name.jpg`."""

    id: str
    filename: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportNote:
    """A remark about `count` imported pictures; `filenames`: the first of them."""

    sentence: str
    count: int
    filenames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingPicture:
    """A picture to train on. `crop`: x, y, width, height in px; None: the whole picture.

    `mask_*`: the mask of the whole picture, white where it is learned; None: all of it.
    """

    asset_id: str
    key: str
    caption: str
    crop: tuple[int, int, int, int] | None = None
    mask_asset_id: str | None = None
    mask_key: str | None = None
    filename: str = ""
    repeats: int = 1

"""What the gate, the captions and the log of acts hand out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from backend.datasets.schemas import ImageCard, RightsKind


@dataclass(frozen=True, slots=True)
class EditCard:
    """One act on many pictures, for the list of changes. `said_by`: a user's id."""

    id: str
    kind: str
    title: str
    count: int
    said_by: str
    created_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Undone:
    """`kept`: pictures that somebody changed since (of removed ones: added again, or their files are gone); they stay so."""

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
class Leak:
    """`words` stand in `count` of `total` captions. `why` trait: they name hair, eyes, skin; always: nearly every caption
    has them, so the trigger word will not learn them."""

    words: str
    count: int
    total: int
    why: Literal["trait", "always"]


@dataclass(frozen=True, slots=True)
class RightsEntry:
    """`kind` withdrawn: from then on nothing held. `until`: the end that was agreed. `said_by`: a user's id."""

    kind: RightsKind
    statement: str
    note: str
    until: datetime | None
    said_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something the studio can do about what the check found. `key` is what `preview_fix` and `apply_fix` take."""

    key: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class FixPreview:
    """`out`: pictures that would be left out; `kept`: the one of each group that stays; `captions`: what would be rewritten."""

    title: str
    out: list[ImageCard] = field(default_factory=list)
    kept: list[ImageCard] = field(default_factory=list)
    captions: list[CaptionChange] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.out) or len(self.captions)


@dataclass(frozen=True, slots=True)
class AlikeGroup:
    """`best_id`: the one worth keeping. `images` in the order they came in."""

    id: str
    best_id: str
    images: list[ImageCard]


@dataclass(frozen=True, slots=True)
class Bucket:
    """One shape that pictures are scaled and cropped to. `cut`: the largest share of a picture lost at its edges;
    `enlarged`: pictures smaller than the shape."""

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
class RefusedCard:
    """A file that was not taken; one inside an archive is called `archive.zip/name.jpg`."""

    id: str
    filename: str
    reason: str


@dataclass(frozen=True, slots=True)
class ArrivalNote:
    """Something to know of `count` pictures that came in; `filenames`: the first of them."""

    sentence: str
    count: int
    filenames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainItem:
    """`crop`: x, y, width, height in px of what is trained on; None: the whole picture.

    `mask_*`: what of the whole picture counts; None: all of it.
    """

    asset_id: str
    key: str
    caption: str
    crop: tuple[int, int, int, int] | None = None
    mask_asset_id: str | None = None
    mask_key: str | None = None
    filename: str = ""

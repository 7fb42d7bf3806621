"""Values of the gallery and its boards: filters, tiles, drafts, cards, payloads of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.generation import PictureCard
from backend.kit.drafts import Draft

MAX_PICTURES = 5_000
"""Pictures that one action may touch: what was there before is stored for undo."""
COUNT_LIMIT = 1_000
MAX_NAMED_UPLOADS = 200
"""Uploads that one import is started for by name."""
NOUN, INBOX = "gallery", "import"
"""(noun, noun id) of uploads for the gallery."""
Name = Annotated[str, Field(min_length=3, max_length=80)]
ActKind = Literal["rate", "favourite", "delete", "board-add", "board-remove", "board-move"]
TILE_COLUMNS = (
    "id",
    "asset_id",
    "prompt",
    "rating",
    "favourite",
    "seed",
    "shape",
    "source",
    "influencer_id",
    "created_at",
    "identity_score",
    "identity_line",
    "gate",
)
"""Columns of a picture that a TileCard is made of, in its order."""


@dataclass(frozen=True, slots=True)
class TileCard:
    """What a grid shows of a picture. `shape`: square, portrait, landscape; `source`: made, imported.

    `identity_score` 0..1 against `identity_line`, None: not scored; `gate`: open, held, rejected.
    """

    id: str
    asset_id: str
    prompt: str
    rating: int
    favourite: bool
    seed: int
    shape: str
    source: str
    influencer_id: str | None
    created_at: datetime
    identity_score: float | None = None
    identity_line: float | None = None
    gate: str = "open"


@dataclass(frozen=True, slots=True)
class TilePage:
    """`next_cursor` None: nothing follows."""

    tiles: list[TileCard]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """`more`: there are more than `n`; they were not counted."""

    n: int
    more: bool


@dataclass(frozen=True, slots=True)
class GalleryFilters:
    """Dates are days in UTC, both included. `min_rating` 1-5; 0: all. `text`: as people type it (`search.TERMS`); its terms
    win over the other fields. `order`: newest, oldest, best (most stars, then newest), or board (as arranged
    on `board_id`).
    """

    influencer_id: str | None = None
    lora_id: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    min_rating: int = 0
    text: str = ""
    favourite: bool = False
    shape: str = ""
    source: str = ""
    board_id: str | None = None
    order: str = "newest"
    gate: str = "open"
    """open, held, rejected, or any."""


@dataclass(frozen=True, slots=True)
class GalleryPage:
    pictures: list[PictureCard]
    next_cursor: str | None
    total: int


class BoardDraft(Draft):
    name: Name
    notes: str = Field("", max_length=4000)


class PictureSelection(Draft):
    """Pictures by id."""

    picture_ids: Annotated[tuple[str, ...], Field(max_length=MAX_PICTURES)] = ()


class BulkActionDraft(PictureSelection):
    """An action on many pictures. `rating` 0-5 for rate; `favourite` for favourite; `board_id` for the board actions, and
    `from_board_id`, the board to move from, for board-move."""

    kind: ActKind
    rating: int | None = Field(None, ge=0, le=5)
    favourite: bool = True
    board_id: str | None = None
    from_board_id: str | None = None


class ArchiveDraft(PictureSelection):
    """A ZIP of a board, or of these pictures, called `name`. `with_recipe`: prompts and settings inside the files."""

    board_id: str | None = None
    name: str = Field("pictures", max_length=80)
    with_recipe: bool = False


@dataclass(frozen=True, slots=True)
class UndoEntry:
    """Something that was done and can be undone. `said`: what was done, as a sentence; `count`: pictures it touched."""

    id: str
    kind: str
    said: str
    count: int
    created_by: str | None
    created_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class BoardCard:
    """`covers`: up to four asset ids, its cover first. `count` stops at COUNT_LIMIT; then `more` is true."""

    id: str
    name: str
    notes: str
    cover_id: str | None
    covers: tuple[str, ...]
    count: int
    more: bool
    archived_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ArchivePayload(BaseModel):
    """Payload of a `picture-archive` job: a whole board, or these pictures. `filename` without .zip."""

    filename: str
    board_id: str | None = None
    picture_ids: list[str] = []
    with_recipe: bool = False


class ImportPayload(BaseModel):
    """Payload of a `picture-import` job, which imports all waiting uploads, or `upload_ids` alone, onto `board_id` when given.

    `anyway`: uploads that are imported although the gallery has the same file. `ai_made`: files that do not say where they come
    from are marked as made by AI.
    """

    board_id: str | None = None
    influencer_id: str | None = None
    anyway: list[str] = []
    ai_made: bool = False
    upload_ids: list[str] = []


class ImportOrder(Draft):
    """Takes what was uploaded for the gallery (`/api/uploads`, noun `gallery`, id `import`).

    `ai_made`: files that do not say where they come from are marked as made by AI. `anyway`: uploads that were left out because
    the gallery has the same file. `upload_ids`: these alone; the result's `assets` names the picture of each.
    """

    board_id: str | None = None
    influencer_id: str | None = None
    ai_made: bool = False
    anyway: tuple[str, ...] = ()
    upload_ids: tuple[str, ...] = Field((), max_length=MAX_NAMED_UPLOADS)

"""What goes into and comes out of the boards door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.kit.drafts import Draft

MOST_AT_ONCE = 5_000
"""Pictures one act may touch: what can be undone must be remembered."""
COUNT_TO = 1_000
NOUN, INBOX = "gallery", "import"
"""What uploads for the gallery are for."""
Name = Annotated[str, Field(min_length=3, max_length=80)]
ActKind = Literal["rate", "favourite", "delete", "board-add", "board-remove", "board-move"]


class BoardDraft(Draft):
    name: Name
    notes: str = Field("", max_length=4000)


class Chosen(Draft):
    """Pictures by id."""

    picture_ids: Annotated[tuple[str, ...], Field(max_length=MOST_AT_ONCE)] = ()


class ActDraft(Chosen):
    """One act on many pictures. `rating` 0-5 for rate; `favourite` for favourite; `board_id` for the board acts, and the
    board that is left (`from_board_id`) for board-move."""

    kind: ActKind
    rating: int | None = Field(None, ge=0, le=5)
    favourite: bool = True
    board_id: str | None = None
    from_board_id: str | None = None


class ArchiveDraft(Chosen):
    """A ZIP of a board, or of these pictures, called `name`. `with_recipe`: prompts and settings inside the files."""

    board_id: str | None = None
    name: str = Field("pictures", max_length=80)
    with_recipe: bool = False


@dataclass(frozen=True, slots=True)
class ActCard:
    """Something that was done. `said`: as a sentence; `count`: pictures it touched."""

    id: str
    kind: str
    said: str
    count: int
    created_by: str | None
    created_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class BoardCard:
    """`covers`: up to four asset ids, its cover first. `count` stops at COUNT_TO, then `more`."""

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
    """Of a `picture-archive` job: a whole board, or these pictures. `filename` without .zip."""

    filename: str
    board_id: str | None = None
    picture_ids: list[str] = []
    with_recipe: bool = False


class ImportPayload(BaseModel):
    """Of a `picture-import` job: what was uploaded for the gallery and not taken yet; onto `board_id` when given.

    `anyway`: uploads that are taken although the gallery has the same file. `ai_made`: files that do not say where they come
    from are marked as made by AI.
    """

    board_id: str | None = None
    influencer_id: str | None = None
    anyway: list[str] = []
    ai_made: bool = False

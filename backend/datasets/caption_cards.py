"""What goes into and comes out of captioning by machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.engines.caption.port import CaptionerName, CaptionForm
from backend.kit.drafts import Draft

Replace = Literal["empty", "machine", "all"]
Outcome = Literal["written", "kept", "refused", "shown"]
PREVIEWED = 3


class CaptionOrder(Draft):
    """`captioner` "": the first there is. `replace`: which captions may be replaced (machine: empty ones and those that a
    machine wrote). `image_ids`: none: all. `drop`: words that no caption shall have. `look` counts up to ask anew.
    """

    dataset_id: str
    captioner: Literal["", "vision", "blip", "template"] = ""
    form: CaptionForm = "sentence"
    replace: Replace = "empty"
    image_ids: Annotated[tuple[str, ...], Field(max_length=5000)] = ()
    included_only: bool = False
    prefix: str = Field("", max_length=200)
    suffix: str = Field("", max_length=200)
    drop: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=50)] = ()
    look: int = Field(0, ge=0, le=99)


class CaptionPayload(BaseModel):
    """`run_id`: the row that holds the order."""

    dataset_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class CaptionPlan:
    """What an order would come to. `usual_usd` None: nobody was captioned here before; `most_usd`: no answer costs more.

    `left_usd` None: no limit. `seconds` None: nothing to go by. `tokens_around`: what trigger word, prefix and suffix take of
    the `TOKENS` that are read.
    """

    captioner: CaptionerName
    models: str
    pictures: int
    kept: int
    usual_usd: Decimal | None
    most_usd: Decimal
    left_usd: Decimal | None
    seconds: float | None
    tokens_around: int

    @property
    def affordable(self) -> int:
        """How many of the pictures the budget surely pays."""
        each = self.most_usd / self.pictures if self.pictures else Decimal(0)
        return self.pictures if self.left_usd is None or not each else min(self.pictures, int(self.left_usd / each))


@dataclass(frozen=True, slots=True)
class CaptionRunCard:
    """`total`: pictures to look at, `done`: of those. `kept` counts those left alone from the start too.

    `unsure`: written, to be looked at. `edit_id` "": nothing to take back (yet). `cost_usd` of the pictures that are done.
    """

    id: str
    dataset_id: str
    job_id: str
    edit_id: str
    order: CaptionOrder
    captioner: CaptionerName
    model: str
    preview: bool
    total: int
    done: int
    written: int
    kept: int
    refused: int
    unsure: int
    cost_usd: Decimal
    undone: bool
    created_by: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CaptionResultCard:
    """One picture of a run. `reason`: why it was refused or kept, or what was put right. `doubts`: what to look at."""

    image_id: str
    asset_id: str
    filename: str
    outcome: Outcome
    caption: str
    before: str
    reason: str
    doubts: tuple[str, ...]
    cost_usd: Decimal

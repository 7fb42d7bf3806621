"""What goes into and comes out of captioning by machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.engines.ports.caption import CaptionerName, CaptionForm
from backend.kit.drafts import Draft

Replace = Literal["empty", "machine", "all"]
Outcome = Literal["written", "kept", "refused", "shown"]
PREVIEW_PICTURES = 3


class CaptionOrder(Draft):
    """`captioner` "": the first one configured. `replace`: which captions may be replaced (machine: empty ones and those that
    a machine wrote). `image_ids` empty: all pictures. `drop`: words that are removed from every caption.

    `look`: raised by one to get a fresh answer instead of a cached one.
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
    """`run_id`: the row of `caption_runs` that holds the order."""

    dataset_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class CaptionPlan:
    """Estimate of an order. `usual_usd`: at the mean cost of earlier captions, None: there are none; `most_usd`: upper limit.

    `kept`: pictures whose captions `replace` protects. `left_usd`: what is left of the budget, None: no limit. `seconds` None:
    no measurements yet. `tokens_around`: how many of the `MAX_TOKENS` go to trigger word, prefix and suffix.
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
        """How many of the pictures the rest of the budget pays for, at the upper limit of the cost."""
        each = self.most_usd / self.pictures if self.pictures else Decimal(0)
        return self.pictures if self.left_usd is None or not each else min(self.pictures, int(self.left_usd / each))


@dataclass(frozen=True, slots=True)
class CaptionRunCard:
    """`total`: pictures to caption, `done`: how many of them are finished. `kept` includes those skipped from the start.

    `unsure`: written, but somebody should check them. `edit_id` "": nothing to undo (yet). `cost_usd` of the finished pictures.
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
    """One picture of a run. `reason`: why it was refused or kept, or what was corrected. `doubts`: what to check, a sentence
    each. `before`: the caption it had."""

    image_id: str
    asset_id: str
    filename: str
    outcome: Outcome
    caption: str
    before: str
    reason: str
    doubts: tuple[str, ...]
    cost_usd: Decimal

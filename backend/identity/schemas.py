"""What goes into and comes out of the identity door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from backend.engines.ports import identity_rules as scores
from backend.engines.ports.identity_rules import IdentityReference
from backend.kit.drafts import Draft

Gate = Literal["off", "mark", "hold", "regenerate", "reject"]
GateState = Literal["open", "held", "rejected"]
MAX_EXTRA = 16


class GatePolicy(Draft):
    """What is done with a picture below the threshold. `line`: the threshold 0..1, None: the calibrated one.

    `extra_max`: how many more pictures than asked for a request may draw under `regenerate`.
    """

    gate: Gate = "mark"
    extra_max: int = Field(4, ge=1, le=MAX_EXTRA)
    line: float | None = Field(None, ge=0, le=1)


class CalibrationPayload(BaseModel):
    """Of an `identity-calibration` job."""

    influencer_id: str


class ScoringPayload(BaseModel):
    """Of an `identity-scoring` job: the influencer's pictures that have no score yet."""

    influencer_id: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An included picture of one of the influencer's datasets. `key`: in the storage."""

    asset_id: str
    key: str


@dataclass(frozen=True, slots=True)
class ScoredPicture:
    """A reference picture, scored 0..1 against all the others."""

    asset_id: str
    score: float


@dataclass(frozen=True, slots=True)
class IdentityProfileCard:
    """An influencer's references and gate. `calibrated_line` None: never calibrated. `stale`: why to calibrate again, or "".

    `why`: why nothing can be scored here (no embedder, too few pictures), or "". `candidates`: how many pictures can be
    references.
    """

    influencer_id: str
    embedder: str
    traits: dict[str, str]
    shots: tuple[ScoredPicture, ...]
    picked: tuple[str, ...]
    calibrated_line: float | None
    own_line: float | None
    gate: Gate
    extra_max: int
    job_id: str | None
    calibrated_at: datetime | None
    candidates: int
    unscored: int
    stale: str = ""
    why: str = ""

    @property
    def line(self) -> float | None:
        return self.calibrated_line if self.own_line is None else self.own_line

    def passing(self, line: float) -> int:
        """How many of the references would pass the threshold `line` themselves."""
        return scores.count_passing([reference.score for reference in self.shots], line)

    def policy(self) -> GatePolicy:
        return GatePolicy(gate=self.gate, extra_max=self.extra_max, line=self.own_line)


@dataclass(frozen=True, slots=True)
class ScoringContext:
    """What a pipeline needs to score pictures. `line`: the threshold. Without `reference` there are no scores; `why` says why
    not ("": the gate is off).
    """

    reference: IdentityReference | None = None
    line: float = 0.0
    gate: Gate = "off"
    extra_max: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class IdentityScore:
    """One picture's score 0..1 and the threshold `line`, by `embedder`; or `why` there is no score."""

    score: float | None = None
    line: float | None = None
    embedder: str = ""
    why: str = ""

    @property
    def passed(self) -> bool:
        """True also without a score: an engine that is down must not reject pictures."""
        return self.score is None or self.line is None or scores.passes(self.score, self.line)


@dataclass(frozen=True, slots=True)
class LoraSnapshot:
    """A LoRA as a picture was drawn with it. `step` of its training run, None for an uploaded one."""

    lora_id: str
    name: str
    weight: float
    step: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class PictureProvenance:
    """How a picture was made, stored once. `near_picture_id`: an earlier picture that looks almost the same, with `near_bits`
    of 64 hash bits different. `decision`: "approved", "rejected" or "" (nobody decided).
    """

    picture_id: str
    embedder: str = ""
    why: str = ""
    loras: tuple[LoraSnapshot, ...] = ()
    template: dict[str, object] = field(default_factory=dict)
    near_picture_id: str | None = None
    near_bits: int | None = None
    decision: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None

"""What goes into and comes out of the trials door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.kit.drafts import Draft

MOST_CHECKPOINTS, MOST_STRENGTHS, MOST_PROMPTS, MOST_SEEDS = 8, 5, 6, 4
MOST_PICTURES = 400
Prompt = Annotated[str, Field(min_length=1, max_length=500)]
Strength = Annotated[float, Field(gt=0, le=2)]
Choice = Literal["left", "right", "tie", "skip"]


class TrialDraft(Draft):
    """What to compare. Empty `steps`: every checkpoint (8 spread over the run when there are more).

    `seeds`: pictures per cell of the grid; the same seeds in all of them. `control`: also the base model without a LoRA.
    """

    run_id: str
    steps: Annotated[tuple[int, ...], Field(max_length=MOST_CHECKPOINTS)] = ()
    strengths: Annotated[tuple[Strength, ...], Field(min_length=1, max_length=MOST_STRENGTHS)] = (0.6, 0.8, 1.0)
    prompts: Annotated[tuple[Prompt, ...], Field(max_length=MOST_PROMPTS)] = ()
    negative_prompt: str = Field("", max_length=2000)
    seeds: int = Field(1, ge=1, le=MOST_SEEDS)
    first_seed: int = Field(7, ge=0, le=2**32 - 1 - MOST_SEEDS)
    control: bool = True


class TrialPayload(BaseModel):
    """Of a `lora-trial` and of a `trial-grid` job."""

    trial_id: str


class Plan(BaseModel):
    """What a trial draws, fixed when it was asked for. `prompts` as drawn, trigger word included."""

    steps: list[int]
    strengths: list[float]
    prompts: list[str]
    seeds: list[int]
    negative_prompt: str = ""
    control: bool = True
    model: str
    base: str
    width: int
    height: int
    sampler: str
    sampling_steps: int
    cfg: float
    ai_mark: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Arm:
    """One LoRA as it might be used: checkpoint and strength. Step 0: the base model alone, the control."""

    step: int
    strength: float

    @property
    def control(self) -> bool:
        return self.step == 0

    @property
    def weight(self) -> str:
        """The strength for people: 0.65, 0.8, 1.0."""
        words = f"{self.strength:.2f}".rstrip("0")
        return f"{words}0" if words.endswith(".") else words

    def __str__(self) -> str:
        return "without the LoRA" if self.control else f"step {self.step:,} at {self.weight}"


CONTROL = Arm(0, 0.0)


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of the grid before it is drawn; `n` is its number in the plan."""

    n: int
    arm: Arm
    prompt_n: int
    seed_n: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A drawn cell. `identity`, `adherence` 0..1 or None; `seen`: what the judge saw of what was asked."""

    id: str
    n: int
    arm: Arm
    prompt_n: int
    seed_n: int
    asset_id: str
    dhash: str
    identity: float | None
    adherence: float | None
    seen: dict[str, Any] = field(default_factory=dict)


class Judged(BaseModel):
    """How the cells were scored. `own`: the training pictures' mean score against each other, what a perfect LoRA reaches.

    `no_identity`, `no_adherence`: why there is no such number; empty: there is one. `by_words`: adherence is how well a CLIP
    finds picture and prompt to agree, not a share of things seen.
    """

    embedder: str = ""
    references: int = 0
    own: float | None = None
    no_identity: str = ""
    no_adherence: str = ""
    by_words: bool = False


@dataclass(frozen=True, slots=True)
class TrialCard:
    """`state`, `error_message` are its job's; `done` pictures of `total`; `judged` None until the scores are there."""

    id: str
    run_id: str
    run_name: str
    influencer_id: str | None
    job_id: str
    plan: Plan
    judged: Judged | None
    total: int
    done: int
    votes: int
    grid_asset_id: str | None
    state: str
    error_message: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the form starts from. `steps`: all checkpoints of the run, `draft.steps` those proposed."""

    steps: list[int]
    draft: TrialDraft


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a comparison will take. `by`: measured here on comparisons, on pictures or while the run trained; elsewhere:
    measured on the bundled model on another machine."""

    seconds: float
    by: Literal["comparisons", "pictures", "training", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Figures:
    """An arm's means over its pictures. `spread` 0..1: how different its pictures look from each other (None: one picture)."""

    arm: Arm
    pictures: int
    identity: float | None
    adherence: float | None
    spread: float | None


@dataclass(frozen=True, slots=True)
class PairResult:
    """A vote as the ranking sees it. `winner` None: a tie, half a win for each."""

    one: Arm
    other: Arm
    winner: Arm | None


@dataclass(frozen=True, slots=True)
class Rank:
    """`wins` of `n` votes (ties count half); `low`, `high`: Wilson interval of the share of wins, 95 %."""

    arm: Arm
    wins: float
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Warned:
    """Signs of overfitting, as a sentence that says what was seen."""

    arm: Arm
    sentence: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`arm` None: nothing to suggest yet, `reason` says what is missing. `score` 0..1."""

    arm: Arm | None
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that is known about a trial by now, arms in the order of the plan."""

    figures: list[Figures]
    ranks: list[Rank]
    warnings: list[Warned]
    suggestion: Suggestion
    votes: int
    votes_left: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of the same prompt and seed to choose from; nothing says which is which."""

    left_id: str
    right_id: str
    left_asset_id: str
    right_asset_id: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a voter sees. `pair` None: they have seen them all. `mine`: votes of theirs; `left`: about how many settle it;
    `undoable`: they have a vote or a skip to take back."""

    pair: Pair | None
    mine: int
    votes: int
    left: int
    undoable: bool

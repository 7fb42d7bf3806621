"""What goes into and comes out of the comparisons door. Tables, job kinds and the API call a comparison a trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.kit.drafts import Draft
from backend.language import Message, tr_lazy

MAX_CHECKPOINTS, MAX_STRENGTHS, MAX_PROMPTS, MAX_SEEDS = 8, 5, 6, 4
MAX_PICTURES = 400
Prompt = Annotated[str, Field(min_length=1, max_length=500)]
Strength = Annotated[float, Field(gt=0, le=2)]
VoteChoice = Literal["left", "right", "tie", "skip"]


class ComparisonDraft(Draft):
    """What to compare. Empty `steps`: every version (8 spread over the run when there are more).

    `seeds`: pictures per cell of the grid; the same seeds in all of them. `control`: also the base model without a LoRA.
    """

    run_id: str
    steps: Annotated[tuple[int, ...], Field(max_length=MAX_CHECKPOINTS)] = ()
    strengths: Annotated[tuple[Strength, ...], Field(min_length=1, max_length=MAX_STRENGTHS)] = (0.6, 0.8, 1.0)
    prompts: Annotated[tuple[Prompt, ...], Field(max_length=MAX_PROMPTS)] = ()
    negative_prompt: str = Field("", max_length=2000)
    seeds: int = Field(1, ge=1, le=MAX_SEEDS)
    first_seed: int = Field(7, ge=0, le=2**32 - 1 - MAX_SEEDS)
    control: bool = True


class ComparisonPayload(BaseModel):
    """Of a `lora-trial` and of a `trial-grid` job."""

    trial_id: str


class ComparisonPlan(BaseModel):
    """What a comparison draws, fixed when it was started. `prompts` as drawn, trigger word included."""

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
    """A version (by its training step) at a strength. Step 0: the base model alone, the control."""

    step: int
    strength: float

    @property
    def control(self) -> bool:
        return self.step == 0

    @property
    def weight(self) -> str:
        """The strength for people: 0.65, 0.8, 1.0."""
        text = f"{self.strength:.2f}".rstrip("0")
        return f"{text}0" if text.endswith(".") else text

    @property
    def label(self) -> Message:
        """As it stands inside of a sentence."""
        if self.control:
            return tr_lazy("without the LoRA")
        return tr_lazy("step {step:,} at {weight}", step=self.step, weight=self.weight)

    @property
    def title(self) -> Message:
        if self.control:
            return tr_lazy("Without the LoRA")
        return tr_lazy("Step {step:,} at {weight}", step=self.step, weight=self.weight)

    def __str__(self) -> str:
        return str(self.label)


CONTROL = Arm(0, 0.0)


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A cell of the grid before it is drawn; `n` is its number in the plan."""

    n: int
    arm: Arm
    prompt_n: int
    seed_n: int


@dataclass(frozen=True, slots=True)
class DrawnCell:
    """A drawn cell. `identity`, `adherence` 0..1 or None; `seen`: {"place": [words, was it seen], "clothes": [colour, …]}."""

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


class ScoringInfo(BaseModel):
    """How the cells were scored. `own`: the training pictures' mean score against each other, what a perfect LoRA reaches.

    `no_identity`, `no_adherence`: why there is no such score; empty: there is one. `by_words`: adherence is the CLIP similarity
    of picture and prompt, not the share of requested things that a classifier saw.
    """

    embedder: str = ""
    references: int = 0
    own: float | None = None
    no_identity: str = ""
    no_adherence: str = ""
    by_words: bool = False


@dataclass(frozen=True, slots=True)
class ComparisonCard:
    """`state`, `error_message` are its job's; `done` pictures of `total`; `judged` None until the scores are there."""

    id: str
    run_id: str
    run_name: str
    influencer_id: str | None
    job_id: str
    plan: ComparisonPlan
    judged: ScoringInfo | None
    total: int
    done: int
    votes: int
    grid_asset_id: str | None
    state: str
    error_message: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the form starts with. `steps`: all versions of the run, `draft.steps` those proposed."""

    steps: list[int]
    draft: ComparisonDraft


@dataclass(frozen=True, slots=True)
class ComparisonEstimate:
    """How long a comparison will take. `by`: what it was estimated from: comparisons, pictures or training on this machine;
    elsewhere: the bundled model on another machine."""

    seconds: float
    by: Literal["comparisons", "pictures", "training", "elsewhere"]


@dataclass(frozen=True, slots=True)
class ArmScores:
    """An arm's means over its pictures. `spread` 0..1: how different its pictures look from each other (None: one picture)."""

    arm: Arm
    pictures: int
    identity: float | None
    adherence: float | None
    spread: float | None


@dataclass(frozen=True, slots=True)
class PairResult:
    """A vote between two arms. `winner` None: a tie, half a win for each."""

    first: Arm
    second: Arm
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
class OverfitWarning:
    """An arm that may be overfitted, with a sentence that says why."""

    arm: Arm
    sentence: str


@dataclass(frozen=True, slots=True)
class ArmSuggestion:
    """`arm` None: nothing to suggest yet, `reason` says what is missing. `score` 0..1."""

    arm: Arm | None
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Results:
    """Results of a comparison so far; `figures` in the order of the plan. `votes_left`: about how many would settle the
    order."""

    figures: list[ArmScores]
    ranks: list[Rank]
    warnings: list[OverfitWarning]
    suggestion: ArmSuggestion
    votes: int
    votes_left: int


@dataclass(frozen=True, slots=True)
class VotePair:
    """Two pictures of the same prompt and seed to choose from, without their arms: votes are blind."""

    left_id: str
    right_id: str
    left_asset_id: str
    right_asset_id: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a voter sees. `pair` None: they have seen all pairs. `mine`: their own votes; `left`: about how many more votes
    settle the order; `undoable`: they have a vote or a skip to undo."""

    pair: VotePair | None
    mine: int
    votes: int
    left: int
    undoable: bool

"""Values of automations: what a run carries from step to step, and the cards of pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from backend.automations.definition import STEP_LABELS, AutomationDraft


class AutomationPayload(BaseModel):
    """Of an `automation` job."""

    run_id: str


class Flow(BaseModel):
    """What a run carries from step to step. `posts`: plans that go on. `left`: plans that were left for people. `jobs`,
    `failed_jobs`: how many were ordered and how many of them failed. `published`: posts that are out."""

    posts: list[str] = Field(default_factory=list)
    left: list[str] = Field(default_factory=list)
    dataset_id: str = ""
    training_run_id: str = ""
    lora_id: str = ""
    jobs: int = 0
    failed_jobs: int = 0
    planned: int = 0
    published: int = 0
    scheduled: int = 0
    pictures: int = 0

    @property
    def failed_percent(self) -> float:
        return 100.0 * self.failed_jobs / self.jobs if self.jobs else 0.0


@dataclass(frozen=True, slots=True)
class AutomationCard:
    """`next_at`: when the clock starts it next, for the first of its influencers; `next_zone`: where that influencer lives."""

    id: str
    name: str
    draft: AutomationDraft
    version: int
    hook_last_four: str
    next_at: datetime | None
    next_zone: str
    paused_at: datetime | None
    pause_reason: str
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    spent_usd: Decimal = Decimal(0)
    """In this month."""
    last_run: AutomationRunCard | None = None


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step of a run. `state`: running, done, skipped (it had nothing to do, or was left out), failed, cancelled (as its run);
    "": not begun."""

    n: int
    kind: str
    state: str
    message: str
    job_ids: tuple[str, ...]
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def label(self) -> str:
        return STEP_LABELS.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class AutomationRunCard:
    """A run. `state`: that of its job (pending: it waits), or refused: it did not start, `summary` says why. A run with a step
    that failed (`has_failed_step`) may have gone on behind it."""

    id: str
    automation_id: str
    automation_name: str
    influencer_id: str
    influencer_name: str
    trigger: dict[str, Any]
    job_id: str | None
    state: str
    waits_for: str
    summary: str
    figures: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None
    has_failed_step: bool
    steps: tuple[StepCard, ...] = ()
    cost_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class AutomationRunPage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[AutomationRunCard]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class NewHook:
    """`address`: shown once; only its hash is stored."""

    card: AutomationCard
    address: str


@dataclass(frozen=True, slots=True)
class StepPreview:
    """What a step would do now. `usd`: at most; None: unknown until it runs. `seconds` None: unknown."""

    n: int
    label: str
    sentence: str
    usd: Decimal | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RunPreview:
    """What a run for one influencer would do now; nothing is stored. `next_times`: the coming starts."""

    influencer_id: str
    influencer_name: str
    next_times: tuple[datetime, ...]
    steps: tuple[StepPreview, ...] = field(default_factory=tuple)
    usd: Decimal = Decimal(0)
    budget_left_usd: Decimal | None = None

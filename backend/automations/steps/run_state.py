"""What the steps of a run are given and give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.orm import Session

from backend import content_plans
from backend.automations.definition import AutomationDraft
from backend.automations.schemas import Flow
from backend.content_plans import PlanCard, PostState
from backend.errors import NotFound
from backend.influencers import InfluencerCard
from backend.language import messages

if TYPE_CHECKING:
    from backend.app import App

StepState = Literal["done", "skipped", "failed"]
DAY_ZONE = "UTC"
"""Where a run for no influencer has its days."""


@dataclass(frozen=True, slots=True)
class RunState:
    """A run at a step. `n`: its number, from 0. `key`: prefix of the request keys of what it orders."""

    app: App
    run_id: str
    automation_id: str
    automation_name: str
    draft: AutomationDraft
    trigger: Mapping[str, Any]
    influencer: InfluencerCard | None
    n: int
    flow: Flow

    @property
    def key(self) -> str:
        return f"automation/{self.run_id}/{self.n}"

    @property
    def zone(self) -> str:
        return self.influencer.time_zone if self.influencer else DAY_ZONE

    @property
    def influencer_id(self) -> str:
        return self.influencer.id if self.influencer else ""


@dataclass(frozen=True, slots=True)
class StepResult:
    """`flow`: for the next step. `end`: the run ends here; `skip`: how many of the next steps are left out."""

    flow: Flow
    state: StepState = "done"
    message: str = ""
    end: bool = False
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Orders:
    """Jobs that a step ordered: id -> the plan that it is for, or "". `refused`: plan -> why nothing was ordered for it.

    `message`: why there are none. `data`: what `collect` needs besides.
    """

    jobs: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    failed: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EndedJob:
    """`state`: completed, failed, cancelled, or late: it had not ended in time. `reason`: why it is not completed."""

    id: str
    plan_id: str
    state: str
    reason: str
    result: Mapping[str, Any]


def kept_text(message: str | Mapping[str, Any]) -> str:
    """A sentence in the result of a job's step; those of earlier versions are English text."""
    return message if isinstance(message, str) else messages.read(message)


def plans_of(tx: Session, flow: Flow) -> list[PlanCard]:
    """The flow's plans that are still there."""
    plans = []
    for plan_id in flow.posts:
        try:
            plan = content_plans.get(tx, plan_id)
        except NotFound:
            continue
        if not plan.deleted_at:
            plans.append(plan)
    return plans


def leave_for_people(tx: Session, plan_ids: list[str]) -> None:
    """Sends drafts to review, where somebody sees that they are not finished."""
    drafts = [plan_id for plan_id in plan_ids if _is_draft(tx, plan_id)]
    if drafts:
        content_plans.submit_for_review(tx, drafts)


def _is_draft(tx: Session, plan_id: str) -> bool:
    try:
        plan = content_plans.get(tx, plan_id)
    except NotFound:
        return False
    return not plan.deleted_at and any(post.state == PostState.DRAFT for post in plan.posts)

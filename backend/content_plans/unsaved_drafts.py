"""What somebody typed into a plan's form and has not saved: theirs alone, kept until it is saved or thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.content_plans.schemas import PlanDraft
from backend.db.tables import PostDraft


@dataclass(frozen=True, slots=True)
class Typed:
    """`before`: the plan as the form was filled from it, at `version`; `draft`: what the form held at `at`."""

    version: int
    before: PlanDraft
    draft: PlanDraft
    at: datetime


def typed(tx: Session, plan_id: str) -> Typed | None:
    """The caller's own; None: nothing of this plan is unsaved."""
    mine = select(PostDraft).where(PostDraft.plan_id == plan_id, PostDraft.user_id == tx.info["user_id"])
    row = tx.scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    return Typed(row.version, PlanDraft(**row.before), PlanDraft(**row.draft), row.updated_at)


def keep_typed(tx: Session, plan_id: str, draft: PlanDraft, *, before: PlanDraft, version: int) -> None:
    values = {"version": version, "before": before.model_dump(mode="json"), "draft": draft.model_dump(mode="json")}
    row = {"plan_id": plan_id, "user_id": tx.info["user_id"], **values}
    values["updated_at"] = func.clock_timestamp()
    same = ["tenant_id", "plan_id", "user_id"]
    tx.execute(insert(PostDraft).values(**row).on_conflict_do_update(index_elements=same, set_=values))


def drop_typed(tx: Session, plan_id: str) -> None:
    tx.execute(delete(PostDraft).where(PostDraft.plan_id == plan_id, PostDraft.user_id == tx.info["user_id"]))


def forget_typed(tx: Session, *, days: int) -> int:
    """What nobody touched for so long. Returns how many there were."""
    old = PostDraft.updated_at < func.clock_timestamp() - func.make_interval(0, 0, 0, days)
    return len(tx.execute(delete(PostDraft).where(old).returning(PostDraft.plan_id)).all())

"""Unsaved edits: what a user typed into a plan's form and did not save. Private, kept until saved or discarded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.content_plans.schemas import PlanDraft
from backend.db.tables import PostDraft


@dataclass(frozen=True, slots=True)
class UnsavedDraft:
    """`before`: the plan that the form was filled with, at `version`; `draft`: what the form held at `at`."""

    version: int
    before: PlanDraft
    draft: PlanDraft
    at: datetime


def get_unsaved_draft(tx: Session, plan_id: str) -> UnsavedDraft | None:
    """The caller's own unsaved edit; None: there is none."""
    own = select(PostDraft).where(PostDraft.plan_id == plan_id, PostDraft.user_id == tx.info["user_id"])
    row = tx.scalars(own.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    return UnsavedDraft(row.version, PlanDraft(**row.before), PlanDraft(**row.draft), row.updated_at)


def save_unsaved_draft(tx: Session, plan_id: str, draft: PlanDraft, *, before: PlanDraft, version: int) -> None:
    values = {"version": version, "before": before.model_dump(mode="json"), "draft": draft.model_dump(mode="json")}
    row = {"plan_id": plan_id, "user_id": tx.info["user_id"], **values}
    values["updated_at"] = func.clock_timestamp()
    key_columns = ["tenant_id", "plan_id", "user_id"]
    tx.execute(insert(PostDraft).values(**row).on_conflict_do_update(index_elements=key_columns, set_=values))


def discard_unsaved_draft(tx: Session, plan_id: str) -> None:
    tx.execute(delete(PostDraft).where(PostDraft.plan_id == plan_id, PostDraft.user_id == tx.info["user_id"]))


def delete_old_unsaved_drafts(tx: Session, *, days: int) -> int:
    """Deletes those that were not changed for `days`. Returns how many."""
    old = PostDraft.updated_at < func.clock_timestamp() - func.make_interval(0, 0, 0, days)
    return len(tx.execute(delete(PostDraft).where(old).returning(PostDraft.plan_id)).all())

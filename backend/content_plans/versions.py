"""Earlier versions of a plan: what its texts, files and date were after each save, to look at and to restore."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.content_plans import queries
from backend.content_plans.schemas import PlanCard, PlanDraft
from backend.db.tables import PlanVersion
from backend.errors import NotFound
from backend.kit.clock import now
from backend.language import tr_lazy

MAX_VERSIONS = 50
"""As many are kept of a plan; older ones are deleted."""
SAME_SITTING = timedelta(minutes=5)
"""What one person saves while typing becomes one version as long as it is no older than this."""


@dataclass(frozen=True, slots=True)
class VersionCard:
    """`saved_by`: a user's id; None: not known. `draft`: the plan as it was then."""

    version: int
    saved_by: str | None
    saved_at: datetime
    draft: PlanDraft


def record(tx: Session, before: PlanCard, after: PlanCard, *, typing: bool) -> bool:
    """Stores what a save has made of a plan, and what was there before if nobody has stored that yet.

    `typing`: saved by itself while somebody types: joins the row of the same person's same sitting. Returns whether a row of
    its own was stored. Saves that change nothing are not stored.
    """
    if before.draft() == after.draft():
        return False
    latest = tx.scalars(
        select(PlanVersion).where(PlanVersion.plan_id == before.id).order_by(PlanVersion.version.desc()).limit(1)
    ).first()
    user_id = tx.info.get("user_id")
    if latest is None or PlanDraft(**latest.draft) != before.draft():
        _insert(tx, before, None, before.updated_at)
        latest = None
    same_sitting = bool(
        typing and latest and user_id and latest.saved_by == user_id and latest.created_at > now() - SAME_SITTING
    )
    if same_sitting and latest:
        latest.version, latest.draft, latest.saved_at = after.version, after.draft().model_dump(mode="json"), now()
        tx.flush()
        return False
    _insert(tx, after, user_id, now())
    newest_first = select(PlanVersion.version).where(PlanVersion.plan_id == after.id).order_by(PlanVersion.version.desc())
    tx.execute(
        delete(PlanVersion).where(
            PlanVersion.plan_id == after.id, PlanVersion.version <= newest_first.offset(MAX_VERSIONS).limit(1).scalar_subquery()
        )
    )
    return True


def _insert(tx: Session, card: PlanCard, user_id: str | None, saved_at: datetime) -> None:
    values = {"draft": card.draft().model_dump(mode="json"), "saved_by": user_id, "saved_at": saved_at}
    row = insert(PlanVersion).values(plan_id=card.id, version=card.version, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "plan_id", "version"], set_=values))


def list_versions(tx: Session, plan_id: str) -> list[VersionCard]:
    """Newest first. Raises NotFound."""
    queries.get(tx, plan_id)
    rows = tx.scalars(
        select(PlanVersion)
        .where(PlanVersion.plan_id == plan_id)
        .order_by(PlanVersion.version.desc())
        .execution_options(populate_existing=True)
    )
    return [VersionCard(row.version, row.saved_by, row.saved_at, PlanDraft(**row.draft)) for row in rows]


def get_version(tx: Session, plan_id: str, version: int) -> VersionCard:
    """Raises NotFound."""
    row = tx.scalars(select(PlanVersion).where(PlanVersion.plan_id == plan_id, PlanVersion.version == version)).first()
    if row is None:
        raise NotFound(tr_lazy("This version is not there any more. Load the list again."))
    return VersionCard(row.version, row.saved_by, row.saved_at, PlanDraft(**row.draft))

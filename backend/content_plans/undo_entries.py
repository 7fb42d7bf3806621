"""Undo entries: recent changes of plans with what was there before. Stored, so that undo works in any tab."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import undo
from backend.content_plans.schemas import PlanUndoEntry
from backend.db.tables import PlanAct
from backend.kit.ids import new_id
from backend.language import messages, stored


def record(tx: Session, kind: str, sentence: str, count: int, before: dict[str, Any], note: str = "") -> PlanUndoEntry:
    row = PlanAct(id=new_id("act"), kind=kind, said=sentence, count=count, created_by=tx.info.get("user_id"))
    row.before = {**before, "sentence": stored(sentence)}
    tx.add(row)
    tx.flush()
    plans = before["plans"]
    noun_id = plans[0]["id"] if len(plans) == 1 else ""
    undo.record_act(
        tx,
        row.id,
        f"plan.{kind}",
        noun_id,
        {"sentence": stored(sentence), "n": count},
        has_event=kind == "delete" and count == 1,
    )
    return PlanUndoEntry(row.id, kind, sentence, count, note)


def latest_undo_entry(tx: Session) -> PlanUndoEntry | None:
    """The caller's own newest entry that was not undone."""
    own = select(PlanAct).where(PlanAct.created_by == tx.info.get("user_id"), PlanAct.undone_at.is_(None))
    row = tx.scalars(own.order_by(PlanAct.id.desc()).limit(1)).first()
    if row is None:
        return None
    sentence = messages.read(row.before["sentence"]) if "sentence" in row.before else row.said
    return PlanUndoEntry(row.id, row.kind, sentence, row.count)

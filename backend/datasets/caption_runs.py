"""Reads caption runs: their counts, and the result of each picture."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.datasets.caption_cards import CaptionOrder, CaptionResultCard, CaptionRunCard
from backend.db.tables import FINAL, CaptionResult, CaptionRun, DatasetEdit, DatasetImage, Job
from backend.errors import NotFound

_GONE = "This captioning is no longer known. Reload the page."


def caption_run(tx: Session, run_id: str) -> CaptionRunCard:
    """Raises NotFound."""
    if (row := tx.get(CaptionRun, run_id)) is None:
        raise NotFound(_GONE)
    return _card(tx, row)


def last_caption_run(tx: Session, dataset_id: str) -> CaptionRunCard | None:
    """The newest one that was no preview."""
    conditions = CaptionRun.dataset_id == dataset_id, ~CaptionRun.preview
    row = tx.scalars(select(CaptionRun).where(*conditions).order_by(CaptionRun.id.desc()).limit(1)).first()
    return _card(tx, row) if row else None


def active_run(tx: Session, dataset_id: str) -> str | None:
    """Id of the run (no preview) whose job waits or works."""
    conditions = CaptionRun.dataset_id == dataset_id, ~CaptionRun.preview, Job.state.not_in(FINAL)
    return tx.scalar(select(CaptionRun.id).join(Job, Job.id == CaptionRun.job_id).where(*conditions).limit(1))


def caption_results(tx: Session, run_id: str, *, look_at: bool = False, take: int = 200) -> list[CaptionResultCard]:
    """Refused ones first, then in the order of the pictures. `look_at`: only refused ones and those with doubts."""
    query: Any = (
        select(CaptionResult, DatasetImage)
        .join(DatasetImage, DatasetImage.id == CaptionResult.image_id)
        .where(CaptionResult.run_id == run_id)
        .order_by(CaptionResult.outcome != "refused", DatasetImage.id)
        .limit(take)
    )
    if look_at:
        query = query.where((CaptionResult.outcome == "refused") | (func.jsonb_array_length(CaptionResult.doubts) > 0))
    return [
        CaptionResultCard(
            image.id,
            image.asset_id,
            image.filename,
            result.outcome,
            result.caption,
            result.before,
            result.reason,
            tuple(result.doubts),
            result.cost_usd,
        )
        for result, image in tx.execute(query.execution_options(populate_existing=True))
    ]


def preview_results(tx: Session, job_id: str) -> list[CaptionResultCard]:
    """The captions that a preview job proposes; [] before it has chosen its pictures."""
    run_id = tx.scalar(select(CaptionRun.id).where(CaptionRun.job_id == job_id))
    return caption_results(tx, run_id) if run_id else []


def _card(tx: Session, row: CaptionRun) -> CaptionRunCard:
    outcome, has_doubts = CaptionResult.outcome, func.jsonb_array_length(CaptionResult.doubts) > 0
    counts = select(
        func.count(),
        func.count().filter(outcome.in_(("written", "shown"))),
        func.count().filter(outcome == "kept"),
        func.count().filter(outcome == "refused"),
        func.count().filter(has_doubts, outcome != "refused"),
        func.coalesce(func.sum(CaptionResult.cost_usd), 0),
        func.max(CaptionResult.model),
    )
    done, written, kept_count, refused, unsure, cost, model = tx.execute(counts.where(CaptionResult.run_id == row.id)).one()
    edit = tx.execute(select(DatasetEdit.id, DatasetEdit.undone_at).where(DatasetEdit.id == row.edit_id)).first()
    return CaptionRunCard(
        id=row.id,
        dataset_id=row.dataset_id,
        job_id=row.job_id,
        edit_id=edit.id if edit else "",
        order=CaptionOrder(**row.rules),
        captioner=row.captioner,  # type: ignore[arg-type]
        model=model or "",
        preview=row.preview,
        total=row.total,
        done=done,
        written=written,
        kept=kept_count + row.kept,
        refused=refused,
        unsure=unsure,
        cost_usd=cost,
        undone=edit is not None and edit.undone_at is not None,
        created_by=row.created_by,
        created_at=row.created_at,
    )

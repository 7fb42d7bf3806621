"""What becomes of an answer: a caption, a picture left as it is, or a refusal with its reason; once each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.datasets import caption_rules
from backend.datasets.caption_rules import CaptionRules, Composed
from backend.datasets.caption_runs import caption_run
from backend.datasets.captions import write
from backend.datasets.service import locked
from backend.db.tables import CaptionResult, CaptionRun, DatasetEdit, DatasetImage, Job
from backend.engines.caption.port import PictureCaption

_TITLES = {"vision": "by a vision model", "blip": "by BLIP", "template": "from what was measured"}
_CHANGED = "Somebody changed its caption meanwhile; that one was kept."
_SAME = "It says this already."


def judged(said: PictureCaption, rules: CaptionRules) -> Composed:
    """The answer as a caption, or why it is none."""
    if said.refused:
        return Composed(refusal=said.refused)
    made = caption_rules.compose(said.text, rules)
    if said.unsure and made.caption:
        return replace(made, doubts=("The model says it is not sure.", *made.doubts))
    return made


def done(tx: Session, run_id: str) -> set[str]:
    """Pictures that the run is done with."""
    return set(tx.scalars(select(CaptionResult.image_id).where(CaptionResult.run_id == run_id)))


def keep(
    tx: Session,
    *,
    run_id: str,
    image_id: str,
    version: int,
    said: PictureCaption,
    composed: Composed,
    job_id: str,
    preview: bool,
) -> dict[str, Any]:
    """Writes the caption, that the picture is done, and what it cost. The step's result: {"outcome"}."""
    run = tx.get_one(CaptionRun, run_id)
    locked(tx, run.dataset_id)
    mine = DatasetImage.id == image_id, DatasetImage.dataset_id == run.dataset_id
    row = tx.scalars(select(DatasetImage).where(*mine).with_for_update().execution_options(populate_existing=True)).first()
    _pay(tx, job_id, said.cost_usd)
    if row is None:
        return {"outcome": "removed"}
    result = CaptionResult(run_id=run_id, image_id=image_id, model=said.model, cost_usd=said.cost_usd)
    result.before, result.before_source, result.version = row.caption, row.caption_source, row.caption_version
    result.caption, result.doubts = composed.caption, list(composed.doubts)
    result.outcome, result.reason = _outcome(row, version, composed, preview)
    if result.outcome == "written":
        texts = {image_id: composed.caption}
        result.version = write(tx, run.dataset_id, texts, source=run.captioner, edit_id=run.edit_id)[image_id]
        _count(tx, run)
    tx.add(result)
    tx.flush()
    return {"outcome": result.outcome}


def summary(tx: Session, run_id: str) -> dict[str, Any]:
    """The job's result."""
    card = caption_run(tx, run_id)
    return {
        "runId": card.id, "written": card.written, "kept": card.kept, "refused": card.refused, "unsure": card.unsure,
        "costUsd": format(card.cost_usd.normalize(), "f"), "captioner": card.captioner, "model": card.model,
    }  # fmt: skip


def _outcome(row: DatasetImage, version: int, composed: Composed, preview: bool) -> tuple[str, str]:
    if not composed.caption:
        return "refused", composed.refusal
    if preview:
        return "shown", composed.note
    if row.caption_version != version:
        return "kept", _CHANGED
    return ("kept", _SAME) if row.caption == composed.caption else ("written", composed.note)


def _pay(tx: Session, job_id: str, usd: Decimal) -> None:
    tx.execute(update(Job).where(Job.id == job_id).values(cost_usd=func.coalesce(Job.cost_usd, 0) + usd))


def _count(tx: Session, run: CaptionRun) -> None:
    """The run as one act in the dataset's log: there with its first caption, so that it can be taken back however it ends."""
    by = _TITLES[run.captioner]
    n = func.count(CaptionResult.image_id)
    written = tx.scalar(select(n).where(CaptionResult.run_id == run.id, CaptionResult.outcome == "written")) or 0
    title = f"Captioned {'1 picture' if written == 0 else f'{written + 1:,} pictures'} {by}"
    row = insert(DatasetEdit).values(
        id=run.edit_id, dataset_id=run.dataset_id, kind="auto-captions", title=title, count=written + 1, undo={},
        said_by=run.created_by or "",
    )  # fmt: skip
    tx.execute(row.on_conflict_do_update(index_elements=["id"], set_={"title": title, "count": written + 1}))

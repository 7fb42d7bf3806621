"""Caption runs: their counts and the result of each picture. A captioner's answer is saved once for each picture: as a new
caption, as unchanged, or as a refusal with its reason."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.datasets import caption_rules
from backend.datasets.caption_cards import CaptionOrder, CaptionResultCard, CaptionRunCard
from backend.datasets.caption_rules import CaptionRules, ComposedCaption
from backend.datasets.captions import write_captions
from backend.datasets.service import lock_dataset
from backend.db.tables import FINAL, CaptionResult, CaptionRun, DatasetEdit, DatasetImage, Job
from backend.engines.ports.caption import PictureCaption
from backend.errors import NotFound
from backend.language import tr_lazy, tr_lazy_plural

_GONE = tr_lazy("This captioning is no longer known. Reload the page.")
_TITLES = {
    "vision": tr_lazy("by a vision model"),
    "blip": tr_lazy("by BLIP"),
    "template": tr_lazy("from what was measured"),
}
_CHANGED = tr_lazy("Somebody changed its caption meanwhile; that one was kept.")
_SAME = tr_lazy("It says this already.")


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


def compose_answer(answer: PictureCaption, rules: CaptionRules) -> ComposedCaption:
    """The answer as a caption, or the reason why it cannot be one."""
    if answer.refused:
        return ComposedCaption(refusal=answer.refused)
    composed = caption_rules.compose(answer.text, rules)
    if answer.unsure and composed.caption:
        return replace(composed, doubts=(tr_lazy("The model says it is not sure."), *composed.doubts))
    return composed


def finished_image_ids(tx: Session, run_id: str) -> set[str]:
    """Ids of the pictures that have a result in this run."""
    return set(tx.scalars(select(CaptionResult.image_id).where(CaptionResult.run_id == run_id)))


def save_outcome(
    tx: Session,
    *,
    run_id: str,
    image_id: str,
    version: int,
    answer: PictureCaption,
    composed: ComposedCaption,
    job_id: str,
    preview: bool,
) -> dict[str, Any]:
    """Writes the caption, the picture's result and its cost. Returns the step's result: {"outcome"}.

    Locks the picture's row and keeps its caption when somebody changed it after `version` was read.
    """
    run = tx.get_one(CaptionRun, run_id)
    lock_dataset(tx, run.dataset_id)
    conditions = DatasetImage.id == image_id, DatasetImage.dataset_id == run.dataset_id
    row = tx.scalars(
        select(DatasetImage).where(*conditions).with_for_update().execution_options(populate_existing=True)
    ).first()
    _add_job_cost(tx, job_id, answer.cost_usd)
    if row is None:
        return {"outcome": "removed"}
    result = CaptionResult(run_id=run_id, image_id=image_id, model=answer.model, cost_usd=answer.cost_usd)
    result.before, result.before_source, result.version = row.caption, row.caption_source, row.caption_version
    result.caption, result.doubts = composed.caption, list(composed.doubts)
    result.outcome, result.reason = _outcome(row, version, composed, preview)
    if result.outcome == "written":
        texts = {image_id: composed.caption}
        result.version = write_captions(tx, run.dataset_id, texts, source=run.captioner, edit_id=run.edit_id)[image_id]
        _log_edit(tx, run)
    tx.add(result)
    tx.flush()
    return {"outcome": result.outcome}


def summary(tx: Session, run_id: str) -> dict[str, Any]:
    """The job's result, with the keys that the API returns."""
    card = caption_run(tx, run_id)
    return {
        "runId": card.id,
        "written": card.written,
        "kept": card.kept,
        "refused": card.refused,
        "unsure": card.unsure,
        "costUsd": format(card.cost_usd.normalize(), "f"),
        "captioner": card.captioner,
        "model": card.model,
    }


def _outcome(row: DatasetImage, version: int, composed: ComposedCaption, preview: bool) -> tuple[str, str]:
    if not composed.caption:
        return "refused", composed.refusal
    if preview:
        return "shown", composed.note
    if row.caption_version != version:
        return "kept", _CHANGED
    return ("kept", _SAME) if row.caption == composed.caption else ("written", composed.note)


def _add_job_cost(tx: Session, job_id: str, usd: Decimal) -> None:
    tx.execute(update(Job).where(Job.id == job_id).values(cost_usd=func.coalesce(Job.cost_usd, 0) + usd))


def _log_edit(tx: Session, run: CaptionRun) -> None:
    """Lists the run as one edit of the dataset from its first caption on, so that it can be undone however the run ends."""
    n = func.count(CaptionResult.image_id)
    written = tx.scalar(select(n).where(CaptionResult.run_id == run.id, CaptionResult.outcome == "written")) or 0
    title = tr_lazy_plural(
        "Captioned {n:,} picture {captioner}",
        "Captioned {n:,} pictures {captioner}",
        written + 1,
        captioner=_TITLES[run.captioner],
    )
    row = insert(DatasetEdit).values(
        id=run.edit_id,
        dataset_id=run.dataset_id,
        kind="auto-captions",
        title=title,
        count=written + 1,
        undo={},
        said_by=run.created_by or "",
    )
    tx.execute(row.on_conflict_do_update(index_elements=["id"], set_={"title": title, "count": written + 1}))

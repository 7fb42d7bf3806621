"""Clearing away what nobody uses: idle sessions, deleted ones and their texts. Part of upkeep, from rows."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from backend.assets import uploads
from backend.db.tables import FINAL, Influencer, Job, StyleText, WritingStyle


def forget(tx: Session, *, idle_hours: float, purge_days: float) -> tuple[int, list[str]]:
    """(Styles retired, keys of bytes that may go now).

    Idle for `idle_hours`: those that are not kept, and those that have learned nothing; never one that is somebody's voice or
    works. They can be brought back like deleted ones, until all rows go `purge_days` later. PDFs of deleted styles go at once.
    """
    idle = WritingStyle.last_activity_at < _ago(idle_hours * 3600.0)
    speaks = Influencer.persona["voice_style"].astext
    busy = Job.state.not_in(FINAL)
    needed = (
        select(speaks).where(speaks.is_not(None)),
        select(Job.subject_id).where(busy, Job.kind == "style-training"),
        select(StyleText.style_id).join(Job, Job.id == StyleText.job_id).where(busy),
    )
    spare = WritingStyle.kept.is_(False) | (WritingStyle.trained_at.is_(None))
    retired = update(WritingStyle).where(WritingStyle.deleted_at.is_(None), idle, spare)
    retired = retired.where(*(WritingStyle.id.not_in(ids) for ids in needed))
    retired = retired.values(deleted_at=func.clock_timestamp()).execution_options(synchronize_session=False)
    ids = tx.scalars(retired.returning(WritingStyle.id)).all()
    keys = _files(tx)
    gone = _ago(purge_days * 86_400.0)
    for table in (StyleText, WritingStyle):
        tx.execute(delete(table).where(table.deleted_at < gone).execution_options(synchronize_session=False))
    unfinished = StyleText.job_id.not_in(select(Job.id).where(busy))
    old = StyleText.created_at < _ago(idle_hours * 3600.0)
    empty = delete(StyleText).where(StyleText.text == "", unfinished, old)
    tx.execute(empty.execution_options(synchronize_session=False))
    return len(ids), keys


def _files(tx: Session) -> list[str]:
    """Uploads of styles that are deleted: nobody reads them any more."""
    deleted = tx.scalars(select(WritingStyle.id).where(WritingStyle.deleted_at.is_not(None))).all()
    found = [one for style_id in deleted for one in uploads.listing(tx, "style", style_id, states=("stored",))]
    uploads.accept(tx, [one.id for one in found])
    return [one.key for one in found]


def _ago(seconds: float) -> ColumnElement[object]:
    return func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)

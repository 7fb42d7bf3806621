"""Retires idle styles and purges deleted ones with their texts. Part of maintenance."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from backend.assets import uploads
from backend.db.tables import FINAL, Influencer, Job, StyleText, WritingStyle


def retire_idle(tx: Session, *, idle_hours: float, purge_days: float) -> tuple[int, list[str]]:
    """Retires idle styles and purges deleted ones. Returns (how many were retired, storage keys that may be deleted now).

    A style is retired after `idle_hours` without use when it is not kept or has learned nothing, unless it is somebody's voice
    or a job works on it. It can be brought back like a deleted one, until its rows go `purge_days` later. PDFs of deleted
    styles go at once.
    """
    idle = WritingStyle.last_activity_at < _ago(idle_hours * 3600.0)
    voice_style = Influencer.persona["voice_style"].astext
    active = Job.state.not_in(FINAL)
    used_style_ids = (
        select(voice_style).where(voice_style.is_not(None)),
        select(Job.subject_id).where(active, Job.kind == "style-training"),
        select(StyleText.style_id).join(Job, Job.id == StyleText.job_id).where(active),
    )
    removable = WritingStyle.kept.is_(False) | (WritingStyle.trained_at.is_(None))
    retire = update(WritingStyle).where(WritingStyle.deleted_at.is_(None), idle, removable)
    retire = retire.where(*(WritingStyle.id.not_in(ids) for ids in used_style_ids))
    retire = retire.values(deleted_at=func.clock_timestamp()).execution_options(synchronize_session=False)
    ids = tx.scalars(retire.returning(WritingStyle.id)).all()
    keys = _accept_files(tx)
    purge_before = _ago(purge_days * 86_400.0)
    for table in (StyleText, WritingStyle):
        tx.execute(delete(table).where(table.deleted_at < purge_before).execution_options(synchronize_session=False))
    # Texts whose job ended without writing one.
    job_ended = StyleText.job_id.not_in(select(Job.id).where(active))
    old = StyleText.created_at < _ago(idle_hours * 3600.0)
    delete_empty = delete(StyleText).where(StyleText.text == "", job_ended, old)
    tx.execute(delete_empty.execution_options(synchronize_session=False))
    return len(ids), keys


def _accept_files(tx: Session) -> list[str]:
    """Accepts the uploads of deleted styles, which nobody reads any more. Returns their storage keys."""
    deleted = tx.scalars(select(WritingStyle.id).where(WritingStyle.deleted_at.is_not(None))).all()
    files = [upload for style_id in deleted for upload in uploads.listing(tx, "style", style_id, states=("stored",))]
    uploads.accept(tx, [upload.id for upload in files])
    return [upload.key for upload in files]


def _ago(seconds: float) -> ColumnElement[object]:
    return func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)

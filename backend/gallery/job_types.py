"""Kinds of jobs of the gallery."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import gallery
from backend.app import App
from backend.gallery.schemas import ArchivePayload, ImportOrder, ImportPayload
from backend.jobs import JobRequestType, JobType, Limits, register
from backend.language import tr_lazy

_LIMITS: Limits = {"deadline_setting": "jobs.deadline_ingest_s", "stall_s": 300.0}


def _start_import(app: App, tx: Session, order: ImportOrder, key: str) -> str:
    return gallery.start_import(tx, **dict(order), request_key=key).id


register(
    JobType("picture-archive", "cpu", ArchivePayload, "backend.gallery.pipeline:run_archive", tr_lazy("Gallery"), **_LIMITS),
    JobType(
        "picture-import",
        "cpu",
        ImportPayload,
        "backend.gallery.pipeline:run_import",
        tr_lazy("Gallery"),
        **_LIMITS,
        requests=(
            JobRequestType("picture-import", "images:write", ImportOrder, _start_import, {"boardId": "brd_…", "aiMade": True}),
        ),
    ),
)

"""Files on their way into the gallery."""

from __future__ import annotations

from typing import Any

from backend import gallery
from backend.assets import uploads
from backend.db.tables import Job
from backend.gallery import pipeline
from backend.gallery.schemas import ImportPayload
from tests.support.context import make_context


def upload_files(app: Any, tx: Any, files: dict[str, bytes]) -> list[str]:
    """Uploaded, not looked at yet; `tx` opens an editor's transaction. Their ids."""
    upload_ids = []
    for name, data in files.items():
        with tx() as session:
            values = {"noun": gallery.NOUN, "noun_id": gallery.INBOX, "filename": name, "client_key": name}
            card = uploads.announce(session, settings=app.settings, size=len(data), **values)
        uploads.receive(tx, app.storage, settings=app.settings, upload_id=card.id, chunks=[data])
        upload_ids.append(card.id)
    return upload_ids


def bring_in(app: Any, tenant: Any, tx: Any, key: str, **how: Any) -> Any:
    """As the page's button and its worker do it; the job's result."""
    with tx() as session:
        job = gallery.start_import(session, request_key=key, **how)
        payload = ImportPayload(**session.get_one(Job, job.id).payload)
    return pipeline.run_import(make_context(app, tenant, "picture-import", payload, job_id=job.id), payload)

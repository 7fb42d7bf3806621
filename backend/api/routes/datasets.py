"""A dataset as a ZIP, streamed: pictures with caption files in the layout every trainer reads."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from backend import datasets
from backend.api.deps import Caller, OwnOrigin, Studio

router = APIRouter(prefix="/datasets", tags=["datasets"], dependencies=[OwnOrigin])


@router.get("/{dataset_id}/export")
def export(dataset_id: str, app: Studio, caller: Caller) -> StreamingResponse:
    with app.db.transaction(caller) as tx:
        name = datasets.get(tx, dataset_id).name
        chunks = datasets.export_zip(tx, app.storage, dataset_id)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.zip"}
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)

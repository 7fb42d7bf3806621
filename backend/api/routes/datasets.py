"""A dataset's pictures, page by page, for the grid that scrolls; and the whole dataset as a ZIP in kohya's layout."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from backend import datasets
from backend.api.api_model import binary_response
from backend.api.deps import Caller, Studio, needs_scope
from backend.datasets import ImageFilter
from backend.errors import Invalid

router = APIRouter(prefix="/datasets", tags=["datasets"], dependencies=[needs_scope("datasets")])
FILTERS = {name for group in get_args(ImageFilter) for name in (get_args(group) or (group,))}


@router.get("/{dataset_id}/pictures")
def pictures(
    dataset_id: str,
    app: Studio,
    caller: Caller,
    filter: str = "",
    q: Annotated[str, Query(max_length=200, description="only captions that contain this")] = "",
    cursor: str | None = None,
    take: Annotated[int, Query(ge=1, le=500)] = 60,
    side: Annotated[int, Query(ge=0, le=8192, description="px the model trains at")] = 0,
    counted: Annotated[bool, Query(description="false: quicker, without the total")] = True,
) -> JSONResponse:
    """In the order they came in. `nextCursor` null: the end. `total` only on the first page."""
    if filter not in FILTERS:
        raise Invalid(f"There is no filter called {filter!r}. There are: {', '.join(sorted(FILTERS - {''}))}.")
    with app.db.transaction(caller) as tx:
        options: Any = {"cursor": cursor, "take": take, "filter": filter, "text": q, "side": side, "counted": counted}
        page = datasets.images(tx, dataset_id, **options)
    return JSONResponse(
        {"data": [image.tile() for image in page.images], "nextCursor": page.next_cursor, "total": page.total},
        headers={"cache-control": "no-store"},
    )


@router.get("/{dataset_id}/export", response_class=Response, responses=binary_response("application/zip"))
def export(
    dataset_id: str,
    app: Studio,
    caller: Caller,
    form: Annotated[
        Literal["originals", "trained"], Query(description="trained: cut to their crops, masks as alpha")
    ] = "originals",
) -> Response:
    """The included pictures with captions in kohya's layout, and a manifest.json."""
    with app.db.transaction(caller) as tx:
        name = datasets.get(tx, dataset_id).name
        chunks = datasets.export_zip(tx, app.storage, dataset_id, form=form)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.zip"}
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)

"""A report about one influencer, as JSON or CSV."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter, Response

from backend import generation
from backend.api.deps import Caller, Studio, needs_scope

router = APIRouter(prefix="/influencers", tags=["influencers"], dependencies=[needs_scope("influencers")])
_WRITERS = {"json": (generation.report_json, "application/json"), "csv": (generation.report_csv, "text/csv; charset=utf-8")}


@router.get("/{influencer_id}/report", response_class=Response)
def report(influencer_id: str, app: Studio, caller: Caller, format: Literal["json", "csv"] = "json") -> Response:
    """Pictures, LoRAs, datasets and rights statements of one influencer."""
    with app.db.transaction(caller) as tx:
        contents = generation.influencer_report(tx, influencer_id)
    write, content_type = _WRITERS[format]
    name = quote(f"{contents.influencer} {contents.at:%Y-%m-%d}.{format}", safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}", "cache-control": "no-store"}
    return Response(write(contents), headers=headers, media_type=content_type)

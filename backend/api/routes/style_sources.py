"""What a writing style learned from, and its texts: the parts that the StyleForge document does not name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from backend import writing_styles
from backend.api.api_model import Listing, Skip, Take, Worded, sliced
from backend.api.deps import Caller, Studio, needs_scope
from backend.errors import NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy

router = APIRouter(prefix="/style", tags=["style"], dependencies=[needs_scope("styles")])


class StyleSourceResponse(BaseModel):
    """A PDF. `state`: waiting, read or refused, with the `reason`."""

    id: str
    filename: str
    state: str
    reason: Worded
    pages: int
    words: int
    created_at: datetime


class RemovedSourceResponse(BaseModel):
    """`job_id`: of the training that measures the rest again; null when there is nothing to measure."""

    job_id: str | None


@router.get("/sessions/{session_id}/sources")
def list_style_sources(
    session_id: str, app: Studio, caller: Caller, response: Response, take: Take = None, skip: Skip = 0
) -> Listing[StyleSourceResponse]:
    """The files that a session learns from, in the order they were uploaded."""
    with app.db.transaction(caller) as tx:
        answers = [_source_response(card) for card in writing_styles.sources(tx, session_id)]
    return sliced(response, answers, StyleSourceResponse, take=take, skip=skip)


@router.delete("/sessions/{session_id}/sources/{source_id}")
def remove_style_source(
    session_id: str,
    source_id: str,
    app: Studio,
    caller: Caller,
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> RemovedSourceResponse:
    """Takes a file out, and measures the rest again. 409 during a training."""
    with app.db.transaction(caller, needs="editor") as tx:
        if source_id not in {source.id for source in writing_styles.sources(tx, session_id)}:
            raise NotFound(tr_lazy("This file is not part of the session any more."))
        job = writing_styles.remove_source(tx, source_id, request_key=idempotency_key or new_id("key"))
    return RemovedSourceResponse(job_id=job.id if job else None)


@router.post("/sessions/{session_id}/undelete")
def undelete_session(session_id: str, app: Studio, caller: Caller) -> dict[str, str]:
    """Brings a deleted session back, with its texts, until it is purged. 409 when its name was taken since."""
    with app.db.transaction(caller, needs="editor") as tx:
        style = writing_styles.undelete(tx, session_id)
    return {"session_id": style.id, "message": "The session is back."}


@router.delete("/results/{job_id}", status_code=204)
def delete_style_text(job_id: str, app: Studio, caller: Caller) -> None:
    """Deletes a text; one that is being written is cancelled."""
    with app.db.transaction(caller, needs="editor") as tx:
        text = writing_styles.text_of_job(tx, job_id)
        if text is None:
            raise NotFound(tr_lazy("There is no text of this job. It may have been deleted."))
        writing_styles.delete_text(tx, text.id)


def _source_response(card: writing_styles.StyleSourceCard) -> StyleSourceResponse:
    return StyleSourceResponse(**{name: getattr(card, name) for name in StyleSourceResponse.model_fields})

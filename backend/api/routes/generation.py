"""A request's pictures over HTTP: what its page polls while they are drawn."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header

from backend import generation
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.jobs import JobResponse, job_response
from backend.kit.ids import new_id

router = APIRouter(prefix="/generations", tags=["generation"], dependencies=[needs_scope("images")])


class PictureWords(ApiModel):
    id: str
    n: int
    asset_id: str
    seed: int
    prompt: str
    rating: int


class Pictures(ApiModel):
    data: list[PictureWords]
    state: str


@router.get("/{generation_id}/pictures")
def pictures(generation_id: str, app: Studio, caller: Caller) -> Pictures:
    """The pictures drawn so far, and the state of the request's job."""
    with app.db.transaction(caller) as tx:
        state = generation.get(tx, generation_id).state
        cards = generation.pictures_of(tx, generation_id)
    return Pictures(data=[PictureWords.model_validate(card) for card in cards], state=state)


@router.post("/{generation_id}/sheet", status_code=201)
def export_generation_sheet(
    generation_id: str, app: Studio, caller: Caller, idempotency_key: Annotated[str, Header(max_length=200)] = ""
) -> JobResponse:
    """A grid as one labelled picture, as a job; its result has `assetId`."""
    with app.db.transaction(caller, needs="editor") as tx:
        return job_response(generation.start_sheet(tx, generation_id, request_key=idempotency_key or new_id("key")))

"""A request's pictures over HTTP: what its page polls while they are drawn."""

from __future__ import annotations

from fastapi import APIRouter

from backend import generation
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope

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

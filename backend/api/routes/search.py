"""The search over everything of a workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import search
from backend.api.api_model import ApiModel, Listing, Worded, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.search import Noun

router = APIRouter(
    prefix="/search",
    tags=["search"],
    dependencies=[
        needs_scope("posts"),
        needs_scope("images"),
        needs_scope("texts"),
        needs_scope("jobs"),
        needs_scope("influencers"),
        needs_scope("datasets"),
        needs_scope("loras"),
        needs_scope("channels"),
        needs_scope("videos"),
        needs_scope("workspace"),
    ],
)


class SearchHitResponse(ApiModel):
    """`noun`, `id`: what it is; a post is one of `/content-plans`, a track one of `/music`, a video one of `/videos`.
    `subtitle`: the influencer of posts, pictures, videos and reels, the caption of texts, the e-mail address of members.
    `state`: of posts, texts, jobs and channels. `assetId`: its picture. `at`: when a post is due, else when it was made."""

    noun: Noun
    id: str
    title: Worded = Field(examples=["Old trams"])
    subtitle: str
    state: str
    asset_id: str | None
    at: datetime | None


@router.get("")
def search_workspace(
    app: Studio,
    caller: Caller,
    response: Response,
    q: Annotated[
        str, Query(max_length=200, description="beginnings of words of a text, or parts of a name", examples=["old tr"])
    ],
    take: Annotated[int, Query(ge=1, le=20, description="at most so many of each noun")] = 5,
) -> Listing[SearchHitResponse]:
    """What is called so, or has these words in it: influencers, posts, pictures, texts, jobs, members, boards, datasets,
    LoRAs, channels and music. Names by how early what was typed stands in them, the rest newest first. Nothing that is in the
    trash."""
    hits = app.db.read_list(caller, lambda tx: search.search(tx, q, take=take))
    return listing(response, [SearchHitResponse.model_validate(hit) for hit in hits])

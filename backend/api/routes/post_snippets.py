"""Hashtag sets and templates of first comments, for posts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import content_plans
from backend.api.api_model import ApiModel, ApiRequest, Listing, Skip, Take, sliced
from backend.api.deps import Caller, Studio, needs_scope
from backend.content_plans import CommentTemplateDraft, HashtagSetDraft

router = APIRouter(tags=["content plans"], dependencies=[needs_scope("posts")])
OfInfluencer = Annotated[
    str, Query(max_length=80, description="Those for this influencer's posts: everybody's, and her own first")
]


class HashtagSetRequest(ApiRequest):
    """`hashtags`: words or a text, with or without #. `influencerId` "": for everybody's posts."""

    name: str = Field(examples=["Lisbon"])
    hashtags: list[str] | str = Field(examples=[["lisbon", "tram28"]])
    influencer_id: str = ""


class HashtagSetResponse(ApiModel):
    """`influencerId` "": for everybody's posts."""

    id: str
    name: str
    influencer_id: str
    hashtags: list[str]


class CommentTemplateRequest(ApiRequest):
    """`influencerId` "": for everybody's posts."""

    name: str = Field(examples=["Question"])
    text: str = Field(examples=["Which line should I take next?"])
    influencer_id: str = ""


class CommentTemplateResponse(ApiModel):
    """`influencerId` "": for everybody's posts."""

    id: str
    name: str
    influencer_id: str
    text: str


@router.get("/hashtag-sets")
def list_hashtag_sets(
    app: Studio, caller: Caller, response: Response, influencer: OfInfluencer = "", take: Take = None, skip: Skip = 0
) -> Listing[HashtagSetResponse]:
    """By name."""
    with app.db.transaction(caller) as tx:
        cards = content_plans.hashtag_sets(tx, influencer)
    return sliced(response, cards, HashtagSetResponse, take=take, skip=skip)


@router.post("/hashtag-sets", status_code=201)
def create_hashtag_set(body: HashtagSetRequest, app: Studio, caller: Caller) -> HashtagSetResponse:
    """Names are unique among an influencer's sets, and among everybody's."""
    with app.db.transaction(caller, needs="editor") as tx:
        return HashtagSetResponse.model_validate(content_plans.save_hashtag_set(tx, HashtagSetDraft(**body.model_dump())))


@router.put("/hashtag-sets/{set_id}")
def put_hashtag_set(set_id: str, body: HashtagSetRequest, app: Studio, caller: Caller) -> HashtagSetResponse:
    """Posts keep the hashtags they took from it."""
    draft = HashtagSetDraft(**body.model_dump())
    with app.db.transaction(caller, needs="editor") as tx:
        return HashtagSetResponse.model_validate(content_plans.save_hashtag_set(tx, draft, set_id=set_id))


@router.delete("/hashtag-sets/{set_id}")
def delete_hashtag_set(set_id: str, app: Studio, caller: Caller) -> HashtagSetResponse:
    """Answers what it was."""
    with app.db.transaction(caller, needs="editor") as tx:
        return HashtagSetResponse.model_validate(content_plans.delete_hashtag_set(tx, set_id))


@router.get("/comment-templates")
def list_comment_templates(
    app: Studio, caller: Caller, response: Response, influencer: OfInfluencer = "", take: Take = None, skip: Skip = 0
) -> Listing[CommentTemplateResponse]:
    """By name."""
    with app.db.transaction(caller) as tx:
        cards = content_plans.comment_templates(tx, influencer)
    return sliced(response, cards, CommentTemplateResponse, take=take, skip=skip)


@router.post("/comment-templates", status_code=201)
def create_comment_template(body: CommentTemplateRequest, app: Studio, caller: Caller) -> CommentTemplateResponse:
    """Names are unique among an influencer's templates, and among everybody's."""
    draft = CommentTemplateDraft(**body.model_dump())
    with app.db.transaction(caller, needs="editor") as tx:
        return CommentTemplateResponse.model_validate(content_plans.save_comment_template(tx, draft))


@router.put("/comment-templates/{comment_template_id}")
def put_comment_template(
    comment_template_id: str, body: CommentTemplateRequest, app: Studio, caller: Caller
) -> CommentTemplateResponse:
    """Posts keep their comments."""
    draft = CommentTemplateDraft(**body.model_dump())
    with app.db.transaction(caller, needs="editor") as tx:
        return CommentTemplateResponse.model_validate(
            content_plans.save_comment_template(tx, draft, template_id=comment_template_id)
        )


@router.delete("/comment-templates/{comment_template_id}")
def delete_comment_template(comment_template_id: str, app: Studio, caller: Caller) -> CommentTemplateResponse:
    """Answers what it was."""
    with app.db.transaction(caller, needs="editor") as tx:
        return CommentTemplateResponse.model_validate(content_plans.delete_comment_template(tx, comment_template_id))

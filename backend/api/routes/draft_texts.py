"""Texts that a model writes while the caller waits, and what is done with variants. Longer work: POST /api/jobs."""

from __future__ import annotations

from functools import partial
from typing import Literal

import anyio
from anyio import to_thread
from fastapi import APIRouter
from pydantic import Field

from backend import writing
from backend.api.api_model import ApiModel, ApiRequest
from backend.api.contract import problems
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.writing import DraftRequest, DraftResponse, draft_response
from backend.writing import WriteOrder

router = APIRouter(prefix="/drafts", tags=["drafts"], dependencies=[needs_scope("texts")])
_LIMITER = anyio.CapacityLimiter(8)
"""Answers of models that are waited for at once: each holds a thread."""


class WriteTextsRequest(ApiRequest):
    """What to write, and how many variants (`n`). The text itself stays empty."""

    order: DraftRequest = Field(examples=[{"influencerId": "inf_0190", "topic": "yoga at sunrise"}])
    n: int = Field(1, ge=1, le=writing.MAX_VARIANTS)


class RewriteRequest(ApiRequest):
    part: Literal["hook", "caption", "hashtags", "alt_text", "picture"] = Field(examples=["hook"])


class SuggestionRequest(ApiRequest):
    """`before`: captions that were shown already, so that this one differs."""

    influencer_id: str = Field(max_length=80, examples=["inf_0190"])
    topic: str = Field(max_length=500, examples=["yoga at sunrise"])
    before: list[str] = Field(default_factory=list, max_length=20)


class DraftsResponse(ApiModel):
    data: list[DraftResponse]


class ChoiceResponse(ApiModel):
    """`discarded`: the other variants; `PATCH` them to the state draft to take it back."""

    chosen: str
    discarded: list[str]


class SuggestionResponse(ApiModel):
    caption: str
    picture: str


@router.post("/write", status_code=201, responses=problems(402, 502))
async def write_drafts(body: WriteTextsRequest, app: Studio, caller: Caller) -> DraftsResponse:
    """Writes variants and saves them as drafts; answers when they are there."""
    values = body.order.model_dump()
    order = WriteOrder(**{name: value for name, value in values.items() if name not in writing.PARTS})
    transact = partial(app.db.transaction, caller, needs="editor")
    write = partial(writing.write_texts, app, transact, order=order, n=body.n)
    cards = await to_thread.run_sync(write, limiter=_LIMITER)
    return DraftsResponse(data=[draft_response(card) for card in cards])


@router.post("/suggestions", status_code=201, responses=problems(402, 502))
async def suggest_text(body: SuggestionRequest, app: Studio, caller: Caller) -> SuggestionResponse:
    """A caption and a picture prompt for a topic; nothing is saved."""
    transact = partial(app.db.transaction, caller, needs="editor")
    ask = partial(writing.suggest, app, transact, influencer_id=body.influencer_id, topic=body.topic, before=body.before)
    return SuggestionResponse.model_validate(await to_thread.run_sync(ask, limiter=_LIMITER))


@router.post("/{draft_id}/rewrite", responses=problems(402, 502))
async def rewrite_draft(draft_id: str, body: RewriteRequest, app: Studio, caller: Caller) -> DraftResponse:
    """Writes one part again and keeps the others; taken back by `undo`."""
    transact = partial(app.db.transaction, caller, needs="editor")
    rewrite = partial(writing.rewrite_part, app, transact, draft_id=draft_id, part=body.part)
    return draft_response(await to_thread.run_sync(rewrite, limiter=_LIMITER))


@router.post("/{draft_id}/write", responses=problems(402, 502))
async def write_draft_idea(draft_id: str, app: Studio, caller: Caller) -> DraftResponse:
    """Writes an idea out into a whole text; its hook and its picture stay."""
    transact = partial(app.db.transaction, caller, needs="editor")
    write = partial(writing.write_idea, app, transact, draft_id=draft_id)
    return draft_response(await to_thread.run_sync(write, limiter=_LIMITER))


@router.post("/{draft_id}/undo")
def undo_draft_change(draft_id: str, app: Studio, caller: Caller) -> DraftResponse:
    """Takes the last change of a text back. 400 when nothing was changed."""
    with app.db.transaction(caller, needs="editor") as tx:
        return draft_response(writing.undo_edit(tx, draft_id))


@router.post("/{draft_id}/choose")
def choose_draft(draft_id: str, app: Studio, caller: Caller) -> ChoiceResponse:
    """Keeps this variant and discards the others of its batch."""
    with app.db.transaction(caller, needs="editor") as tx:
        return ChoiceResponse(chosen=draft_id, discarded=writing.choose_variant(tx, draft_id))

"""Chats with an influencer, as on the Write page. Each person has a private one; an API key has that of whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

import anyio
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from backend import influencers, writing
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.contract import problems
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.writing import NoteResponse
from backend.api.text_stream import IN_OPENAPI, run_or_stream
from backend.writing import ChatLine

router = APIRouter(prefix="/influencers/{influencer_id}/chat", tags=["chat"], dependencies=[needs_scope("texts")])
_LIMITER = anyio.CapacityLimiter(8)
"""Answers that are waited for at once: each holds a thread for as long as the model takes."""
_ANSWERS = {**problems(402, 502), **IN_OPENAPI}


class ChatRequest(ApiRequest):
    question: str = Field(max_length=4000, examples=["What will you post on Sunday?"])


class ChatLineResponse(ApiModel):
    """A question and its answer. `state`: saying, said, or cut (the answer ended early: ask again). `notes`: rules of the
    persona that the answer broke."""

    id: str
    question: str
    answer: str
    state: Literal["saying", "said", "cut"]
    notes: list[NoteResponse]
    model: str
    created_at: datetime


@router.get("")
def list_chat(
    influencer_id: str, app: Studio, caller: Caller, response: Response, take: Annotated[int, Query(ge=1, le=100)] = 50
) -> Listing[ChatLineResponse]:
    """The last lines of the caller's own chat, oldest first."""
    with app.db.transaction(caller) as tx:
        influencers.get(tx, influencer_id)
        lines = writing.chat.list_lines(tx, influencer_id, take=take)
    return listing(response, [ChatLineResponse.model_validate(line) for line in lines])


@router.post("", status_code=201, response_model=ChatLineResponse, responses=_ANSWERS)
async def ask_in_chat(influencer_id: str, body: ChatRequest, app: Studio, caller: Caller, request: Request) -> Any:
    """Asks, and waits for the answer, or with `Accept: text/event-stream` gets it as it is written. The influencer knows the
    lines before, their persona and their latest posts."""
    transact = partial(app.db.transaction, caller, needs="editor")

    def ask(on_text: Callable[[str], None]) -> ChatLine:
        return writing.chat.ask(app, transact, influencer_id=influencer_id, question=body.question, on_text=on_text)

    return await run_or_stream(request, ask, _line_response, limiter=_LIMITER)


@router.post("/{line_id}/again", status_code=201, response_model=ChatLineResponse, responses=_ANSWERS)
async def ask_in_chat_again(influencer_id: str, line_id: str, app: Studio, caller: Caller, request: Request) -> Any:
    """Asks a question once more whose answer was cut; it gets another id."""
    transact = partial(app.db.transaction, caller, needs="editor")

    def ask(on_text: Callable[[str], None]) -> ChatLine:
        return writing.chat.ask_again(app, transact, line_id=line_id, on_text=on_text)

    return await run_or_stream(request, ask, _line_response, limiter=_LIMITER)


@router.delete("", status_code=204)
def clear_chat(influencer_id: str, app: Studio, caller: Caller) -> None:
    """Deletes the caller's own chat for good."""
    with app.db.transaction(caller, needs="editor") as tx:
        influencers.get(tx, influencer_id)
        writing.chat.clear(tx, influencer_id)


def _line_response(line: ChatLine) -> ChatLineResponse:
    return ChatLineResponse.model_validate(line)

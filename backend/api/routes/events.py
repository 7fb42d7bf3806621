"""What happens in the workspace, as it happens: server-sent events, and the same frames over a WebSocket.

Each event has an `id`. Sent back as `Last-Event-ID` (browsers do it by themselves), the stream goes on behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import cache, partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from backend import access
from backend.api import deps
from backend.api.credentials import read_credentials
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.event_hub import EventHub
from backend.api.event_stream import HEARTBEAT_S, EventStream
from backend.api.event_subscription import RESET, Frame, Subscription
from backend.app import App
from backend.db.transactions import KeyHolder, Member
from backend.errors import Invalid, NotPermitted, NotSignedIn, StudioError
from backend.language import tr_lazy

router = APIRouter(prefix="/events", tags=["events"])
_SCOPE_NOUNS = {
    "job": "jobs",
    "jobs": "jobs",
    "influencer": "influencers",
    "dataset": "datasets",
    "training": "loras",
    "trial": "loras",
    "lora": "loras",
    "picture": "images",
    "board": "images",
    "clip": "videos",
    "track": "videos",
    "text": "texts",
    "template": "texts",
    "wildcard": "texts",
    "style": "styles",
    "plan": "posts",
    "post": "posts",
    "channel": "channels",
    "workflow": "workflows",
    "budget": "costs",
}
"""Noun of an event -> noun of the scope that a key needs to see it; for all others: workspace."""
RECHECK_S = 60.0
"""A revoked key or an ended session hears nothing more after this long and a heartbeat."""
MAX_MISSED = 10_000
"""Events that a returning stream is sent at most; one that was away for longer is told to read its lists anew."""
_TEXT_EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events, one after the other.", "content": {"text/event-stream": {}}}
}


@router.get("", response_class=Response, responses=_TEXT_EVENT_STREAM, dependencies=[needs_scope("jobs")])
async def stream_events(
    app: Studio,
    caller: Caller,
    request: Request,
    noun: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    id: Annotated[list[str], Query(max_length=200)] = [],  # noqa: B006
    last_event_id: Annotated[str, Header(max_length=20)] = "",
    after: Annotated[str, Query(max_length=20, description="as Last-Event-ID, for the first connection")] = "",
    named: Annotated[bool, Query(description="false: events without their name, as EventSource's `message`")] = True,
) -> Response:
    """Server-sent events of the workspace. `noun`: only of these (job, plan, post, dataset …; `jobs`: what runs, every two
    seconds); `id`: only about these rows.

    Event `reset`: too much was missed, read your lists anew; `signed_out`: sign in again. One connection carries everything:
    follow many jobs with one stream. At most 20 a person.
    """
    hub = hub_of(request.app, app)
    position = _position(last_event_id or after)
    subscription = await _subscription(app, caller, set(noun), set(id))
    batches = _batches(app, hub, caller, subscription, position)
    await anext(batches)  # refused when there are too many

    def write_past(write_chunk: Callable[[bytes], bool]) -> None:
        subscription.write_frames = partial(_write_frames, write_chunk, named)

    return EventStream(_written(batches, named=named), write_past)


def _write_frames(write_chunk: Callable[[bytes], bool], named: bool, frames: Sequence[Frame]) -> bool:
    return write_chunk(b"".join([frame.chunk if named else frame.unnamed_chunk for frame in frames]))


async def _written(batches: AsyncGenerator[list[Frame], None], *, named: bool) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(batches):
        async for batch in batches:
            yield b"".join([frame.sse if named else frame.unnamed_sse for frame in batch])


@router.websocket("/ws")
async def stream_events_to_socket(socket: WebSocket) -> None:
    """The frames of GET /events as JSON messages {id, event, data}; parameters as there."""
    app = await deps.current_app_of(socket)
    query = socket.query_params
    try:
        credentials = read_credentials(socket, app.settings)
        if credentials.kind == "cookie" and not app.settings.web.hosts.own_origin(
            socket.headers.get("origin", ""), socket.headers.get("host", "")
        ):
            raise NotPermitted(tr_lazy("This connection did not come from a page of the studio."))
        caller = await deps.member(socket, app, credentials, query.get("workspace") or socket.headers.get("x-workspace", ""))
        deps.require_scope(caller, "jobs:read")
        hub = hub_of(socket.app, app)
        subscription = await _subscription(app, caller, set(query.getlist("noun")), set(query.getlist("id")))
        batches = _batches(app, hub, caller, subscription, _position(query.get("after", "")))
        await anext(batches)
    except StudioError as error:
        await socket.accept()
        await socket.send_text(json.dumps({"id": None, "event": "refused", "data": {"message": error.message}}))
        await socket.close(1008)
        return
    await socket.accept()
    gone = asyncio.ensure_future(_until_closed(socket))
    try:
        sending = asyncio.ensure_future(_send_frames(socket, batches))
        await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done() and not gone.done():
            await socket.close(1000)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await batches.aclose()


def hub_of(api: object, app: App) -> EventHub:
    """The hub of this process. Made by the first stream, in the server's event loop."""
    state = api.state  # type: ignore[attr-defined]
    if getattr(state, "event_hub", None) is None:
        state.event_hub = EventHub(app)
    hub: EventHub = state.event_hub
    return hub


async def _subscription(app: App, caller: Member, nouns: set[str], ids: set[str]) -> Subscription:
    user_id = await run_in_threadpool(_user_id, app, caller)
    held = caller.scopes if isinstance(caller, KeyHolder) else None

    @cache
    def sees(noun: str) -> bool:
        if nouns and noun not in nouns:
            return False
        return held is None or access.scopes.allows(held, f"{_SCOPE_NOUNS.get(noun, 'workspace')}:read")

    def accepts(noun: str, noun_id: str) -> bool:
        return sees(noun) and (not ids or not noun_id or noun_id in ids)

    return Subscription(caller.tenant_id, user_id, accepts)


def _user_id(app: App, caller: Member) -> str:
    """Raises NotSignedIn."""
    with app.db.transaction(caller) as tx:
        return str(tx.info["user_id"])


async def _batches(
    app: App, hub: EventHub, caller: Member, subscription: Subscription, position: int | None
) -> AsyncGenerator[list[Frame], None]:
    """What the stream sends, piece by piece. The first one is empty: it comes once the stream is registered.

    `position`: to go on behind; None: with what happens from now on. Raises Unavailable when there are too many streams.
    """
    async with hub.subscribe(subscription) as read_to:
        subscription.begins_behind = read_to
        yield []
        if position is not None and position > read_to and position > await run_in_threadpool(hub.last_position):
            yield [RESET, _ready(read_to)]  # the database was put back to an earlier state
        elif position is not None:
            subscription.begins_behind = max(position, read_to)
            yield [_ready(position)]
            async for batch in _missed(hub, subscription, position, read_to):
                yield batch
        else:
            yield [_ready(read_to)]
        checked_at = time.monotonic()
        while True:
            batch = await subscription.take(HEARTBEAT_S)
            if time.monotonic() - checked_at > RECHECK_S:
                try:
                    await run_in_threadpool(_user_id, app, caller)
                except NotSignedIn as error:
                    yield [Frame(None, "signed_out", "", "", json.dumps({"message": error.message}).encode())]
                    return
                checked_at = time.monotonic()
            if batch:
                yield batch
            if batch == [RESET]:
                return


def _ready(position: int) -> Frame:
    return Frame(position, "ready", "", "", b"{}")


async def _missed(hub: EventHub, subscription: Subscription, position: int, read_to: int) -> AsyncGenerator[list[Frame], None]:
    """What happened behind `position` up to `read_to`; the subscription has what came later."""
    count = 0
    while position < read_to:
        batch = await run_in_threadpool(hub.read_after, subscription.tenant_id, position)
        missed = [
            frame for frame in batch if (frame.position or 0) <= read_to and subscription.accepts(frame.noun, frame.noun_id)
        ]
        if missed:
            yield missed
        count += len(batch)
        if count > MAX_MISSED:
            yield [RESET]
            return
        if not batch:
            return
        position = batch[-1].position or read_to


async def _send_frames(socket: WebSocket, batches: AsyncGenerator[list[Frame], None]) -> None:
    async for batch in batches:
        for frame in batch:
            if frame.name:  # a WebSocket has pings of its own
                async with asyncio.timeout(HEARTBEAT_S * 2):
                    await socket.send_text(frame.message)


async def _until_closed(socket: WebSocket) -> None:
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, KeyError):
        return


def _position(text: str) -> int | None:
    if not text:
        return None
    if not text.isdigit() or int(text) >= 2**63:
        raise Invalid(tr_lazy("Last-Event-ID: send the id of the last event that you have read, or nothing."))
    return int(text)

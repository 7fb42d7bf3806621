"""What happens in the workspace, as it happens: server-sent events, and the same frames over a WebSocket.

Each event has an `id`. Sent back as `Last-Event-ID` (browsers do it by themselves), the stream goes on behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from backend import access
from backend.api import deps
from backend.api.credentials import read_credentials
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.event_hub import EventHub, Frame, Subscription
from backend.api.event_stream import HEARTBEAT_S, EventStream
from backend.app import App
from backend.db.transactions import KeyHolder, Member
from backend.errors import Invalid, NotPermitted, NotSignedIn, StudioError

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
    subscription = await _subscription(app, caller, set(noun), set(id))
    hub.refuse_too_many(subscription.user_id)
    frames = _frames(app, hub, caller, subscription, _position(last_event_id or after))
    return EventStream(_written(frames, named=named))


async def _written(frames: AsyncGenerator[Frame, None], *, named: bool) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(frames):
        async for frame in frames:
            yield frame.sse if named else frame.unnamed_sse


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
            raise NotPermitted("This connection did not come from the studio's own page.")
        caller = await deps.member(socket, app, credentials, query.get("workspace") or socket.headers.get("x-workspace", ""))
        deps.require_scope(caller, "jobs:read")
        hub = hub_of(socket.app, app)
        subscription = await _subscription(app, caller, set(query.getlist("noun")), set(query.getlist("id")))
        hub.refuse_too_many(subscription.user_id)
        position = _position(query.get("after", ""))
    except StudioError as error:
        await socket.accept()
        await socket.send_text(json.dumps({"id": None, "event": "refused", "data": {"message": error.message}}))
        await socket.close(1008)
        return
    await socket.accept()
    frames = _frames(app, hub, caller, subscription, position)
    gone = asyncio.ensure_future(_until_closed(socket))
    try:
        sending = asyncio.ensure_future(_send_frames(socket, frames))
        await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done() and not gone.done():
            await socket.close(1000)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await frames.aclose()


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

    def accepts(noun: str, noun_id: str) -> bool:
        if (nouns and noun not in nouns) or (ids and noun_id and noun_id not in ids):
            return False
        return held is None or access.scopes.allows(held, f"{_SCOPE_NOUNS.get(noun, 'workspace')}:read")

    return Subscription(caller.tenant_id, user_id, accepts)


def _user_id(app: App, caller: Member) -> str:
    """Raises NotSignedIn."""
    with app.db.transaction(caller) as tx:
        return str(tx.info["user_id"])


async def _frames(
    app: App, hub: EventHub, caller: Member, subscription: Subscription, position: int | None
) -> AsyncGenerator[Frame, None]:
    async with hub.subscribe(subscription) as read_to:
        sent = read_to if position is None else position
        yield Frame(sent, "ready", "", "", b"{}")
        if position is not None:
            async for frame in _missed(hub, subscription, position, read_to):
                sent = frame.position or sent
                yield frame
            sent = max(sent, read_to)
        checked_at = time.monotonic()
        while not subscription.overflowed:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    frame = await subscription.queue.get()
            except TimeoutError:
                frame = HEARTBEAT
            if time.monotonic() - checked_at > RECHECK_S:
                try:
                    await run_in_threadpool(_user_id, app, caller)
                except NotSignedIn as error:
                    yield Frame(None, "signed_out", "", "", json.dumps({"message": error.message}).encode())
                    return
                checked_at = time.monotonic()
            if frame.position is None or frame.position > sent:
                sent = frame.position or sent
                yield frame
        yield _RESET


HEARTBEAT = Frame(None, "", "", "", b"")
_RESET = Frame(None, "reset", "", "", b"{}")


async def _missed(hub: EventHub, subscription: Subscription, position: int, read_to: int) -> AsyncGenerator[Frame, None]:
    """What happened behind `position` up to `read_to`; the queue has what came later."""
    count = 0
    while position < read_to:
        batch = await run_in_threadpool(hub.read_after, subscription.tenant_id, position)
        for frame in batch:
            if (frame.position or 0) <= read_to and subscription.accepts(frame.noun, frame.noun_id):
                yield frame
        count += len(batch)
        if count > MAX_MISSED:
            yield _RESET
            return
        if not batch:
            return
        position = batch[-1].position or read_to


async def _send_frames(socket: WebSocket, frames: AsyncGenerator[Frame, None]) -> None:
    async for frame in frames:
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
        raise Invalid("Last-Event-ID: send the id of the last event that you have read, or nothing.")
    return int(text)

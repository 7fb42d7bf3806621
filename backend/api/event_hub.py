"""Events of all workspaces, read once per process and given to every open stream.

The hub runs while there are streams. Postgres notifies it of each commit that wrote events; it lets them be numbered, reads
those of the workspaces that somebody watches, and puts them into the queue of each stream. Jobs that run are read every two
seconds, once for all streams of a workspace.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import psycopg
import structlog
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from backend import events, jobs
from backend.api.routes.jobs import LiveJobResponse
from backend.app import App
from backend.db.transactions import Anonymous, SystemCaller
from backend.errors import StudioError, Unavailable
from backend.events import EventRecord

log = structlog.get_logger(__name__)

MAX_STREAMS, MAX_STREAMS_PER_PERSON = 1000, 20
"""Open streams of this process."""
QUEUED_FRAMES = 500
"""Of one stream. A client that reads slower than that is told to read its lists anew."""
POLL_S = 1.0
"""How often the hub looks without a notification: when the connection that listens is away."""
PROGRESS_S = 2.0
_COALESCE_S = 0.01
"""How long a notification waits for more: a job's end is several commits."""
_BATCH = 500
_LIVE_JOBS = TypeAdapter(list[LiveJobResponse])


@dataclass(frozen=True)
class Frame:
    """What a stream sends. `position`: to resume behind it; None for frames that are not events. `noun`: whom it concerns."""

    position: int | None
    name: str
    noun: str
    noun_id: str
    data: bytes
    """JSON."""

    @cached_property
    def sse(self) -> bytes:
        if not self.name:
            return b": \n\n"  # a heartbeat
        head = f"id: {self.position}\n" if self.position is not None else ""
        return f"{head}event: {self.name}\ndata: ".encode() + self.data + b"\n\n"

    @cached_property
    def unnamed_sse(self) -> bytes:
        """Without the event's name, which EventSource hands on only to those who know it; frames of the stream keep theirs."""
        return (
            self.sse
            if self.position is None or not self.noun
            else f"id: {self.position}\ndata: ".encode() + self.data + b"\n\n"
        )

    @cached_property
    def message(self) -> str:
        """For a WebSocket."""
        return f'{{"id":{json.dumps(self.position)},"event":{json.dumps(self.name)},"data":{self.data.decode()}}}'


@dataclass(eq=False)
class Subscription:
    """One stream's queue. `accepts(noun, noun_id)`: what it asked for and may see."""

    tenant_id: str
    user_id: str
    accepts: Callable[[str, str], bool]
    queue: asyncio.Queue[Frame] = field(default_factory=lambda: asyncio.Queue(QUEUED_FRAMES))
    overflowed: bool = False

    def put(self, frame: Frame) -> None:
        if self.overflowed or not self.accepts(frame.noun, frame.noun_id):
            return
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.overflowed = True


class EventHub:
    def __init__(self, app: App) -> None:
        self._app = app
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._position = 0
        self._notified, self._jobs_changed = asyncio.Event(), asyncio.Event()
        self._jobs_sent: dict[str, bytes] = {}

    @contextlib.asynccontextmanager
    async def subscribe(self, subscription: Subscription) -> AsyncIterator[int]:
        """Registers a stream; the position up to which it has to read by itself. Raises Unavailable when there are too many."""
        tenant_id = subscription.tenant_id
        self.refuse_too_many(subscription.user_id)
        self._subscriptions[tenant_id].add(subscription)
        try:
            if self._task is None:
                await run_in_threadpool(self._number)
                self._position = await run_in_threadpool(self._last_position)
                self._task = self._task or asyncio.create_task(self._run())
            self._jobs_sent.pop(tenant_id, None)
            yield self._position
        finally:
            self._subscriptions[tenant_id].discard(subscription)
            if not self._subscriptions[tenant_id]:
                del self._subscriptions[tenant_id]
            if not self._subscriptions and self._task:
                task, self._task = self._task, None
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)  # its connection is closed before the loop may end

    def read_after(self, tenant_id: str, position: int) -> list[Frame]:
        """The next events of the workspace, as frames. Blocks."""
        with self._app.db.transaction(SystemCaller(tenant_id)) as tx:
            return [_frame(place, event) for place, event in events.stream.after(tx, position, take=_BATCH)]

    def refuse_too_many(self, user_id: str) -> None:
        """Raises Unavailable when this person, or this process, has as many streams as it may."""
        streams = [stream for of_workspace in self._subscriptions.values() for stream in of_workspace]
        if sum(stream.user_id == user_id for stream in streams) >= MAX_STREAMS_PER_PERSON:
            raise Unavailable(f"You have {MAX_STREAMS_PER_PERSON} live streams open. Close one first.", retry_after=30)
        if len(streams) >= MAX_STREAMS:
            raise Unavailable("Too many live streams are open. Ask for lists instead, and try again later.", retry_after=30)

    async def _run(self) -> None:
        listening = asyncio.create_task(self._listen())
        progress = asyncio.create_task(self._send_progress())
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._notified.wait()
                await asyncio.sleep(_COALESCE_S)
                self._notified.clear()
                try:
                    await self._distribute()
                except StudioError as error:
                    log.warning("events wait", reason=error.message)
                    await asyncio.sleep(POLL_S)
        finally:
            listening.cancel()
            progress.cancel()
            await asyncio.gather(listening, progress, return_exceptions=True)

    async def _distribute(self) -> None:
        latest = await run_in_threadpool(self._number_and_look)
        for tenant_id in latest.keys() & self._subscriptions.keys():
            position, frames = self._position, []
            while position < latest[tenant_id] and (batch := await run_in_threadpool(self.read_after, tenant_id, position)):
                position = batch[-1].position or position
                frames += batch
            self._put(tenant_id, frames)
        self._position = max(self._position, *latest.values()) if latest else self._position

    def _put(self, tenant_id: str, frames: Iterable[Frame]) -> None:
        for frame in frames:
            if frame.noun == "job":
                self._jobs_changed.set()
            for subscription in self._subscriptions.get(tenant_id, ()):
                subscription.put(frame)

    async def _send_progress(self) -> None:
        """The jobs that wait and run, when something about them has changed since the last time: at once when one begins or
        ends, else every two seconds."""
        while True:
            for tenant_id in list(self._subscriptions):
                if not any(subscription.accepts("jobs", "") for subscription in self._subscriptions.get(tenant_id, ())):
                    continue
                try:
                    data = await run_in_threadpool(self._live_jobs, tenant_id)
                except StudioError:
                    continue  # told by _run; what ran goes on and is sent with the next read
                if self._jobs_sent.get(tenant_id) != data:
                    self._jobs_sent[tenant_id] = data
                    self._put(tenant_id, [Frame(None, "jobs", "jobs", "", data)])
            self._jobs_sent = {name: data for name, data in self._jobs_sent.items() if name in self._subscriptions}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROGRESS_S):
                    await self._jobs_changed.wait()
            self._jobs_changed.clear()

    async def _listen(self) -> None:
        """Sets `_notified` at each commit that wrote events. Without its connection the hub polls."""
        url = self._app.db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5)
                try:
                    await connection.execute(f"LISTEN {events.stream.CHANNEL}")
                    self._notified.set()
                    async for _ in connection.notifies():
                        self._notified.set()
                finally:
                    await connection.close()  # `async with` would first roll back, which a cancelled task cannot wait for
            except psycopg.Error as error:
                log.warning("not listening for events", reason=str(error).strip())
            await asyncio.sleep(POLL_S)

    def _number(self) -> None:
        with self._app.db.transaction(Anonymous()) as tx:
            events.stream.number(tx)

    def _last_position(self) -> int:
        with self._app.db.transaction(Anonymous()) as tx:
            return events.stream.last_position(tx)

    def _number_and_look(self) -> dict[str, int]:
        self._number()
        with self._app.db.transaction(Anonymous()) as tx:
            return dict(events.stream.workspaces_after(tx, self._position))

    def _live_jobs(self, tenant_id: str) -> bytes:
        with self._app.db.transaction(SystemCaller(tenant_id)) as tx:
            cards = jobs.live_in(tx)
        return b'{"data":' + _LIVE_JOBS.dump_json(list(map(LiveJobResponse.model_validate, cards)), by_alias=True) + b"}"


def _frame(position: int, event: EventRecord) -> Frame:
    data: dict[str, Any] = {
        "id": event.id,
        "kind": event.kind,
        "noun": event.noun,
        "nounId": event.noun_id,
        "data": event.data,
        "userId": event.user_id,
        "createdAt": event.created_at.isoformat(),
    }
    return Frame(position, event.kind, event.noun, event.noun_id, json.dumps(data, ensure_ascii=False).encode())

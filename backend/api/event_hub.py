"""Events of all workspaces, read once per process and given to every open stream.

The hub runs while there are streams. Postgres notifies it of each commit that wrote events; it lets them be numbered, reads
those of the workspaces that somebody watches, and puts them into each stream (event_subscription.py). Jobs that run are read
every two seconds, once for all streams of a workspace.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

import psycopg
import structlog
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from backend import events, jobs
from backend.api.event_subscription import Frame, Subscription
from backend.api.routes.jobs import LiveJobResponse
from backend.app import App
from backend.db.transactions import Anonymous, SystemCaller
from backend.errors import StudioError, Unavailable
from backend.events import EventRecord
from backend.language import tr_lazy

log = structlog.get_logger(__name__)

POLL_S = 1.0
"""How often the hub looks without a notification: when the connection that listens is away."""
PROGRESS_S = 2.0
_COALESCE_S = 0.01
"""How long a notification waits for more: a job's end is several commits."""
_BATCH = 500
_LIVE_JOBS = TypeAdapter(list[LiveJobResponse])


class EventHub:
    def __init__(self, app: App) -> None:
        self._app = app
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        self._streams_by_person: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._position = 0
        self._put_up_to: dict[str, int] = {}
        """Workspace -> position up to which its streams have been given events, while others' are still being read."""
        self._notified, self._jobs_changed = asyncio.Event(), asyncio.Event()
        self._jobs_sent: dict[str, bytes] = {}

    @contextlib.asynccontextmanager
    async def subscribe(self, subscription: Subscription) -> AsyncIterator[int]:
        """Registers a stream; the position up to which it has to read by itself. Raises Unavailable when there are too many."""
        tenant_id, user_id = subscription.tenant_id, subscription.user_id
        self._refuse_too_many(user_id)
        self._subscriptions[tenant_id].add(subscription)
        self._streams_by_person[user_id] += 1
        try:
            async with self._starting:
                if self._task is None:
                    await run_in_threadpool(self._number)
                    self._position, self._put_up_to = await run_in_threadpool(self.last_position), {}
                    self._task = asyncio.create_task(self._run())
            self._jobs_sent.pop(tenant_id, None)
            yield max(self._position, self._put_up_to.get(tenant_id, 0))
        finally:
            self._subscriptions[tenant_id].discard(subscription)
            if not self._subscriptions[tenant_id]:
                del self._subscriptions[tenant_id]
            self._streams_by_person[user_id] -= 1
            if not self._streams_by_person[user_id]:
                del self._streams_by_person[user_id]
            if not self._subscriptions and self._task:
                task, self._task = self._task, None
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)  # its connection is closed before the loop may end

    def read_after(self, tenant_id: str, position: int) -> list[Frame]:
        """The next events of the workspace, as frames. Blocks."""
        with self._app.db.transaction(SystemCaller(tenant_id)) as tx:
            return [_frame(place, event) for place, event in events.stream.after(tx, position, take=_BATCH)]

    def _refuse_too_many(self, user_id: str) -> None:
        """Raises Unavailable when this person, or this process, has as many streams as it may."""
        limits = self._app.settings.api
        if self._streams_by_person[user_id] >= limits.max_streams_per_person:
            raise Unavailable(
                tr_lazy(
                    "You have {max_streams_per_person} live streams open. Close one first.",
                    max_streams_per_person=limits.max_streams_per_person,
                ),
                retry_after=30,
            )
        if self._streams_by_person.total() >= limits.max_streams:
            raise Unavailable(
                tr_lazy("Too many live streams are open. Ask for lists instead, and try again later."), retry_after=30
            )

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
        # A stream that comes while this reads for others reads these events by itself, if its workspace is done or left out
        self._put_up_to = {tenant_id: place for tenant_id, place in latest.items() if tenant_id not in self._subscriptions}
        for tenant_id in latest.keys() - self._put_up_to.keys():
            position, frames = self._position, []
            while position < latest[tenant_id] and (batch := await run_in_threadpool(self.read_after, tenant_id, position)):
                position = batch[-1].position or position
                frames += batch
            self._put(tenant_id, frames)
            self._put_up_to[tenant_id] = position
        self._position, self._put_up_to = max(self._position, *latest.values(), 0), {}

    def _put(self, tenant_id: str, frames: Sequence[Frame]) -> None:
        if any(frame.noun == "job" for frame in frames):
            self._jobs_changed.set()
        for subscription in self._subscriptions.get(tenant_id, ()):
            subscription.put(frames)

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

    def last_position(self) -> int:
        """Of the newest event of the installation. Blocks."""
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

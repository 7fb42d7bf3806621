"""Runs graphs on a ComfyUI server that may restart, lose its queue, drop the socket or hang without an error.

Socket messages are fast but unreliable, so HTTP decides: results are confirmed by HTTP, and HTTP is also polled while the
socket is silent. Every prompt has our own id, saved before it is sent; after a lost answer the prompt is looked up before it is
sent again. A prompt ends done, failed, or lost: the server answers and has it neither in its queue nor in its history.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

import structlog

from backend.engines.comfyui import error_messages, results, server_urls, servers
from backend.engines.comfyui.client import ComfyRefused, ComfyUnreachable
from backend.engines.comfyui.client_models import SocketMessage
from backend.engines.comfyui.prompt_tracker import PromptTracker, usable_handle
from backend.engines.comfyui.prompts import ProgressView, Task, TrackedPrompt, track
from backend.engines.comfyui.servers import Servers
from backend.engines.comfyui.socket_mux import SocketMux, Subscription
from backend.engines.ports.events import Alive, DeviceReleased, Event, Handle, Log, Output
from backend.errors import EngineUnavailable, LeaseLost, ShuttingDown, StudioError, Unsupported
from backend.language import tr_lazy

log = structlog.get_logger(__name__)
MAX_IN_FLIGHT = 2
"""Our prompts on the server at a time: one runs, one waits, so that the device never idles."""
POLL_S, POLL_WITHOUT_SOCKET_S = 1.5, 0.5
"""Interval of polling by HTTP while the socket is silent, and without a socket."""
SOCKET_WAIT_S = 2.0
MAX_LOST = 3

__all__ = ["Task", "run_tasks", "usable_handle"]


def run_tasks(
    pool: Servers, tasks: Sequence[Task], *, device: str, workdir: Path, handle: dict[str, Any] | None = None
) -> Generator[Event, None, None]:
    """Runs `tasks` in order on the server of `device`; one Output each, its file in `workdir`.

    `handle`: the last Handle of an earlier attempt; its prompts are picked up again, on their server whatever `device` is.
    Closing cancels queued and running prompts; LeaseLost and ShuttingDown thrown in leave them to the next attempt.
    Raises EngineUnavailable, Rejected, Unsupported, OutOfMemory, EngineError, each with a sentence.
    """
    runner = _Runner(pool, tasks, device, workdir, handle or {})
    leave_running = False
    try:
        yield from runner.events()
    except (LeaseLost, ShuttingDown):
        leave_running = True
        raise
    finally:
        runner.close(cancel=not leave_running)


class _Runner:
    def __init__(self, pool: Servers, tasks: Sequence[Task], device: str, workdir: Path, handle: dict[str, Any]) -> None:
        self._servers, self._workdir, self._previous_handle = pool, workdir, handle
        self._url = pool.url_from_handle(handle) or pool.url_of(device)
        self._client = pool.client(self._url)
        self._parts = track(tasks, handle if pool.url_from_handle(handle) == self._url else {})
        self._progress, self._tracker = ProgressView(self._parts), PromptTracker(pool, self._url, self._client)
        self._subscriptions: dict[SocketMux, Subscription] = {}
        self._polled_at = 0.0
        self._released = False

    def events(self) -> Generator[Event, None, None]:
        yield from self._check_reachable()
        self._subscribe()
        yield self._new_handle()
        yield from self._reattach()
        while part := next((part for part in self._parts if not part.done), None):
            yield from self._submit()
            if part.ended:
                yield from self._finish(part)
            else:
                yield from self._wait(part)

    def close(self, *, cancel: bool) -> None:
        """Cancels our prompts (unless `cancel` is False) and drops the subscriptions."""
        try:
            if cancel:
                self._tracker.cancel([part for part in self._parts if part.sent and not part.done])
        finally:
            for mux, subscription in self._subscriptions.items():
                mux.unsubscribe(subscription)
                if mux is not self._servers.socket_mux(self._url):
                    mux.close()

    # Before anything is sent

    def _check_reachable(self) -> Generator[Event, None, None]:
        """Raises EngineUnavailable before any Handle is saved: a server that is down must not use up the job's attempts."""
        yield Alive()
        try:
            self._client.count_queued()
        except (ComfyUnreachable, ComfyRefused) as error:
            if not any(part.reattached for part in self._parts):
                raise EngineUnavailable(servers.unreachable_message(self._url), detail=str(error)) from error

    def _subscribe(self) -> None:
        """Subscribes under our client id and that of the earlier attempt: the server reports a prompt to the client that sent
        it."""
        own_mux = self._servers.socket_mux(self._url)
        names = {str(self._previous_handle.get("client_id") or "")} if any(part.reattached for part in self._parts) else set()
        for mux in (own_mux, *(SocketMux(self._url, name) for name in names - {"", own_mux.client_id})):
            subscription = self._subscriptions[mux] = mux.subscribe(SOCKET_WAIT_S)
            for part in self._parts:
                mux.add_prompt(subscription, part.prompt_id)

    def _new_handle(self) -> Handle:
        prompts = [[part.fingerprint, part.prompt_id] for part in self._parts]
        client_id = self._servers.socket_mux(self._url).client_id
        return Handle({"url": server_urls.without_credentials(self._url), "client_id": client_id, "prompts": prompts})

    def _reattach(self) -> Generator[Event, None, None]:
        """Looks up the prompts of the earlier attempt. One that is nowhere was never sent, or is lost: it is sent again."""
        reattached = [part for part in self._parts if part.reattached]
        for part in reattached:
            where = None
            while where is None:
                where = yield from self._tracker.locate_or_wait(part)
            part.sent, part.ended = where != "nowhere", where == "ended"
        if count := sum(part.sent for part in reattached):
            yield Log(
                tr_lazy(
                    "Found {n} of {total} again on ComfyUI at {server}.",
                    n=count,
                    total=len(self._parts),
                    server=server_urls.name(self._url),
                )
            )

    # Sending

    def _submit(self) -> Generator[Event, None, None]:
        for part in self._parts:
            if sum(other.sent and not other.done for other in self._parts) >= MAX_IN_FLIGHT:
                return
            if not part.sent:
                yield from self._send_prompt(part)

    def _send_prompt(self, part: TrackedPrompt) -> Generator[Event, None, None]:
        """Sends once. After a lost answer the prompt is looked up, and left to the next attempt if it is nowhere yet."""
        client_id, nothing_sent = self._servers.socket_mux(self._url).client_id, not any(other.sent for other in self._parts)
        try:
            graph = part.graph(self._client.upload)
        except ComfyRefused as error:
            raise error_messages.rejected_graph(self._url, error) from error
        except ComfyUnreachable as error:
            if nothing_sent:
                yield Handle({})
            raise self._tracker.unavailable_error(error) from error
        try:
            queued = self._client.prompt(graph, prompt_id=part.prompt_id, client_id=client_id, extra=part.extra)
        except ComfyRefused as error:
            raise self._rejection(part, error) from error
        except ComfyUnreachable as error:
            if error.sent:
                yield from self._confirm_sent(part, error)
                return
            if nothing_sent:
                yield Handle({})
            raise self._tracker.unavailable_error(error) from error
        part.sent = True
        self._tracker.note_progress()
        if queued.node_errors:
            # Queued without its invalid nodes: the result would not be the requested one.
            raise self._rejection(part, ComfyRefused(200, "prompt_outputs_failed_validation", "", queued.node_errors, {}))

    def _rejection(self, part: TrackedPrompt, error: ComfyRefused) -> StudioError:
        """The error for a refused graph: what the server's lists, read again, show to be missing, else its own error."""
        self._servers.forget(self._url)
        try:
            missing = part.task.missing(self._url) if part.task.missing else []
        except (ComfyUnreachable, ComfyRefused):
            missing = []
        return (
            Unsupported(" ".join(missing[:3]), detail=str(error))
            if missing
            else error_messages.rejected_graph(self._url, error)
        )

    def _confirm_sent(self, part: TrackedPrompt, error: ComfyUnreachable) -> Generator[Event, None, None]:
        """After a lost answer: polls until the prompt shows up. Raises EngineUnavailable when it does not."""
        deadline = time.monotonic() + self._servers.patience_s
        while True:
            where = yield from self._tracker.locate_or_wait(part)
            if where and where != "nowhere":
                part.sent, part.ended = True, where == "ended"
                self._tracker.note_progress()
                return
            if time.monotonic() > deadline:
                part.sent = True  # so that closing cancels it if it arrived after all
                raise self._tracker.unavailable_error(error)
            yield Alive()
            time.sleep(0.2)

    # Listening and looking

    def _wait(self, part: TrackedPrompt) -> Generator[Event, None, None]:
        """Handles messages and polls until `part` has ended, at most for a second."""
        deadline = time.monotonic() + 1.0
        poll_s = POLL_S if all(mux.connected for mux in self._subscriptions) else POLL_WITHOUT_SOCKET_S
        while not part.ended and part.sent and (remaining_s := deadline - time.monotonic()) > 0:
            if message := self._next_message(min(remaining_s, poll_s)):
                yield from self._on_message(message)
            if not part.ended and time.monotonic() - self._polled_at > poll_s:
                yield from self._poll(part)
        yield from self._release_device()
        yield Alive()

    def _next_message(self, seconds: float) -> SocketMessage | None:
        subscriptions = list(self._subscriptions.values())
        for subscription in subscriptions:
            try:
                return subscription.get_nowait()
            except Empty:
                continue
        try:
            return subscriptions[0].get(timeout=min(seconds, 0.25) if len(subscriptions) > 1 else seconds)
        except Empty:
            return None

    def _on_message(self, message: SocketMessage) -> Generator[Event, None, None]:
        if message.kind == "connected":
            self._polled_at = 0.0  # messages sent while disconnected are lost: poll now
            return
        part = next((candidate for candidate in self._parts if candidate.prompt_id == message.prompt_id), None)
        if part is None or part.done:
            return
        self._polled_at = time.monotonic()
        self._tracker.note_progress()
        part.running = True
        if message.kind == "executing" and message.data.get("node") is None:
            part.ended = True  # ComfyUI writes the history entry before this message
            return
        yield from self._release_device()
        if message.kind == "executed":
            part.early_result = (
                results.fetch_early(self._client, message, part.task.results, self._target(part)) or part.early_result
            )
        yield from self._progress.on_message(part, message)

    def _poll(self, part: TrackedPrompt) -> Generator[Event, None, None]:
        """Reads the state of `part` by HTTP.

        Raises EngineUnavailable when the server is down or makes no progress for too long.
        """
        where = yield from self._tracker.locate_or_wait(part)
        self._polled_at = time.monotonic()
        if where == "ended":
            part.ended = True
        elif where == "nowhere":
            yield from self._resubmit(part, tr_lazy("ComfyUI was restarted, or its queue was cleared"))
        elif where is not None:
            part.running = where == "running"
            ahead = self._tracker.prompts_ahead(part, {other.prompt_id for other in self._parts})
            yield from self._progress.on_started() if part.running else self._progress.on_waiting(ahead)
            yield from self._tracker.check_stuck(part, where, self._parts)

    def _release_device(self) -> Generator[Event, None, None]:
        """Releases the device once the last prompt runs, so that the next job can queue behind it and the device never
        idles."""
        if not self._released and all(part.done or part.running or part.ended for part in self._parts):
            self._released = True
            yield DeviceReleased()

    # What can become of it

    def _finish(self, part: TrackedPrompt) -> Generator[Event, None, None]:
        try:
            entry = self._client.history_entry(part.prompt_id)
            if entry is None:
                part.ended = False
                return
            if entry.outcome == "error":
                part.done = True
                raise error_messages.execution_error(self._url, entry.error)
            if entry.outcome == "interrupted":
                yield from self._resubmit(part, tr_lazy("Somebody stopped it in ComfyUI"))
                return
            file = results.choose_file(entry, part.task.results)
            result = part.early_result if part.early_result and part.early_result.file == file else None
            result = result or results.fetch_result(self._client, file, self._target(part))
        except (ComfyUnreachable, ComfyRefused) as error:
            yield from self._tracker.wait_unreachable(error)
            return
        except results.BadResult as error:
            log.warning(
                "a result of ComfyUI is no good", server=server_urls.name(self._url), prompt=part.prompt_id, why=str(error)
            )
            yield from self._resubmit(part, tr_lazy("Its file is not there or not whole"))
            return
        part.done = True
        self._tracker.note_progress()
        yield from self._release_device()
        yield from self._progress.on_progress()
        yield Output(result.path, part.n, {**result.size, **part.task.meta}, result.picture)

    def _target(self, part: TrackedPrompt) -> Path:
        return self._workdir / f"comfyui-{part.n}"

    def _resubmit(self, part: TrackedPrompt, why: str) -> Generator[Event, None, None]:
        part.renew()
        if part.lost_count >= MAX_LOST:
            raise error_messages.prompt_lost(self._url, part.lost_count)
        for mux, subscription in self._subscriptions.items():
            mux.add_prompt(subscription, part.prompt_id)
        self._tracker.note_progress()
        yield Log(tr_lazy("{why}: number {n} is asked for again.", why=why, n=part.n + 1))
        yield self._new_handle()

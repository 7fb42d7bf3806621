"""State of prompts by HTTP: where each one is, whether the server is down or stuck, and cancelling them."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Sequence
from typing import Any, Literal

import structlog

from backend.engines.comfyui import server_urls, servers
from backend.engines.comfyui.client import ComfyClient, ComfyRefused, ComfyUnreachable
from backend.engines.comfyui.prompts import TrackedPrompt
from backend.engines.comfyui.servers import Servers
from backend.engines.ports.events import Alive, Event, Handle, Log
from backend.errors import EngineUnavailable
from backend.language import tr_lazy

log = structlog.get_logger(__name__)
PromptState = Literal["ended", "running", "waiting", "nowhere"]
CANCEL_S = 8.0


def usable_handle(pool: Servers, device: str, handle: dict[str, Any] | None) -> Generator[Event, None, dict[str, Any]]:
    """Returns `handle`, or {} when its server stays unreachable and `device` is on another server.

    The work is then done again there; should the first server come back, its result is ignored.
    """
    url = pool.url_from_handle(handle)
    if not handle or not url or url == pool.url_of(device):
        return handle or {}
    deadline = time.monotonic() + pool.patience_s
    while True:
        try:
            pool.client(url).count_queued()
        except (ComfyUnreachable, ComfyRefused):
            if time.monotonic() > deadline:
                yield Log(
                    tr_lazy(
                        "ComfyUI at {server}, which had this, does not answer: it is made anew.", server=server_urls.name(url)
                    )
                )
                return {}
        else:
            return handle
        yield Alive()
        time.sleep(0.2)


class PromptTracker:
    """The prompts of one run on one server.

    `progress_at`: when one of them, or the queue before them, last moved (monotonic).
    """

    def __init__(self, pool: Servers, url: str, client: ComfyClient) -> None:
        self._servers, self._url, self._client = pool, url, client
        self.progress_at = time.monotonic()
        self._unreachable_since = 0.0
        self._running: tuple[str, ...] = ()
        self._pending: tuple[str, ...] = ()
        self._stuck = False

    def note_progress(self) -> None:
        self.progress_at, self._unreachable_since = time.monotonic(), 0.0

    def locate(self, part: TrackedPrompt) -> PromptState:
        """Where `part` is now. Raises ComfyUnreachable, ComfyRefused.

        The history is read a second time at the end: the prompt may have finished between the two requests.
        """
        if self._client.history_entry(part.prompt_id):
            return "ended"
        queue = self._client.queue()
        if queue.running != self._running or len(queue.pending) != len(self._pending):
            self.progress_at = time.monotonic()
        self._running, self._pending = queue.running, queue.pending
        if part.prompt_id in queue.running:
            return "running"
        if part.prompt_id in queue.pending:
            return "waiting"
        return "ended" if self._client.history_entry(part.prompt_id) else "nowhere"

    def locate_or_wait(self, part: TrackedPrompt) -> Generator[Event, None, PromptState | None]:
        """As `locate`; returns None while the server is unreachable, and raises EngineUnavailable after `patience_s`."""
        try:
            where = self.locate(part)
        except (ComfyUnreachable, ComfyRefused) as error:
            yield from self.wait_unreachable(error)
            return None
        self._unreachable_since = 0.0
        return where

    def wait_unreachable(self, error: Exception) -> Generator[Event, None, None]:
        """Waits a moment: the server may come back with our prompts in its queue, or restarted without them.

        Raises EngineUnavailable after `patience_s`.
        """
        now = time.monotonic()
        if not self._unreachable_since:
            self._unreachable_since = now
            yield Log(
                tr_lazy("ComfyUI at {server} does not answer just now; waiting for it.", server=server_urls.name(self._url))
            )
        if now - self._unreachable_since > self._servers.patience_s:
            raise self.unavailable_error(error)
        yield Alive()
        time.sleep(0.2)

    def unavailable_error(self, error: Exception) -> EngineUnavailable:
        return EngineUnavailable(servers.unreachable_message(self._url), detail=str(error))

    def prompts_ahead(self, part: TrackedPrompt, own_ids: Collection[str]) -> int:
        """Number of other clients' prompts before `part`, as of the last poll."""
        position = self._pending.index(part.prompt_id) if part.prompt_id in self._pending else 0
        return len([prompt_id for prompt_id in (*self._running, *self._pending[:position]) if prompt_id not in own_ids])

    def check_stuck(
        self, part: TrackedPrompt, where: PromptState, parts: Sequence[TrackedPrompt]
    ) -> Generator[Event, None, None]:
        """Raises EngineUnavailable when nothing has moved for too long.

        If our own prompt is running, the server's prompt thread is dead: it answers HTTP but never works again. If another
        client's prompt is running, it may just be long: ours is cancelled and the Handle cleared, so no attempt is used up.
        """
        if time.monotonic() - self.progress_at <= self._servers.stuck_s:
            return
        self._stuck = True
        if self._running:
            self._servers.mark_stuck(self._url, self._running[0])
        if where == "running":
            raise EngineUnavailable(servers.stuck_message(self._url))
        self.cancel([other for other in parts if other.sent and not other.done])
        yield Handle({})
        raise EngineUnavailable(
            tr_lazy(
                "ComfyUI at {name} has been busy with something else all the time. Check its queue; the job continues "
                "by itself when it is free.",
                name=server_urls.name(self._url),
            )
        )

    def cancel(self, parts: Sequence[TrackedPrompt]) -> None:
        """Cancels `parts` and waits at most CANCEL_S until none of them runs or waits. Failures are logged."""
        deadline, remaining = time.monotonic() + CANCEL_S, list(parts)
        try:
            while remaining and time.monotonic() < deadline:
                for part in remaining:
                    self._client.cancel(part.prompt_id)
                remaining = [part for part in remaining if self.locate(part) in {"running", "waiting"}]
                if self._stuck or not remaining:
                    break
                time.sleep(0.05)
        except (ComfyUnreachable, ComfyRefused) as error:
            log.warning("not cancelled: ComfyUI does not answer", server=server_urls.name(self._url), error=str(error))
        if remaining:
            log.warning(
                "ComfyUI has not stopped in time",
                server=server_urls.name(self._url),
                prompts=[part.prompt_id for part in remaining],
            )

"""Looking after prompts by HTTP: where each is, whether the server is away or has stopped, and ending them."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Sequence
from typing import Any, Literal

import structlog

from backend.engines.comfyui import server_urls, servers
from backend.engines.comfyui.client import Away, Client, Refusal
from backend.engines.comfyui.prompts import Part
from backend.engines.comfyui.servers import Servers
from backend.engines.events import Alive, Event, Handle, Log
from backend.errors import EngineUnavailable

log = structlog.get_logger(__name__)
Where = Literal["ended", "running", "waiting", "nowhere"]
CANCEL_S = 8.0


def remembered(found: Servers, device: str, handle: dict[str, Any] | None) -> Generator[Event, None, dict[str, Any]]:
    """What of an earlier attempt's `handle` counts: all of it, or {} when its server is gone and another one is at hand.

    On another server the work is done anew: should the first come back, its result is one that nobody asks for.
    """
    url = found.of(handle)
    if not handle or not url or url == found.url_of(device):
        return handle or {}
    until = time.monotonic() + found.patience_s
    while True:
        try:
            found.client(url).remaining()
        except (Away, Refusal):
            if time.monotonic() > until:
                yield Log(f"ComfyUI at {server_urls.name(url)}, which had this, does not answer: it is made anew.")
                return {}
        else:
            return handle
        yield Alive()
        time.sleep(0.2)


class PromptTracker:
    """On one server, for one run. `moved_at`: when anything of ours, or of the queue before it, last moved."""

    def __init__(self, found: Servers, url: str, client: Client) -> None:
        self._servers, self._url, self._client = found, url, client
        self.moved_at = time.monotonic()
        self._away_at = 0.0
        self._running: tuple[str, ...] = ()
        self._pending: tuple[str, ...] = ()
        self._stuck = False

    def moved(self) -> None:
        self.moved_at, self._away_at = time.monotonic(), 0.0

    def where(self, part: Part) -> Where:
        """The history is asked again at last: the prompt may have ended between two questions. Raises Away."""
        if self._client.entry(part.prompt_id):
            return "ended"
        line = self._client.line()
        if line.running != self._running or len(line.pending) != len(self._pending):
            self.moved_at = time.monotonic()
        self._running, self._pending = line.running, line.pending
        if part.prompt_id in line.running:
            return "running"
        if part.prompt_id in line.pending:
            return "waiting"
        return "ended" if self._client.entry(part.prompt_id) else "nowhere"

    def asked(self, part: Part) -> Generator[Event, None, Where | None]:
        """As `where`; None while the server is away. Raises EngineUnavailable when it has been away for long."""
        try:
            where = self.where(part)
        except (Away, Refusal) as gone:
            yield from self.is_away(gone)
            return None
        self._away_at = 0.0
        return where

    def is_away(self, gone: Exception) -> Generator[Event, None, None]:
        """It may come back in a moment with our work still in its queue, or restarted and knowing nothing."""
        now = time.monotonic()
        if not self._away_at:
            self._away_at = now
            yield Log(f"ComfyUI at {server_urls.name(self._url)} does not answer just now; waiting for it.")
        if now - self._away_at > self._servers.patience_s:
            raise self.unavailable(gone)
        yield Alive()
        time.sleep(0.2)

    def unavailable(self, gone: Exception) -> EngineUnavailable:
        return EngineUnavailable(servers.away(self._url), detail=str(gone))

    def ahead(self, part: Part, ours: Collection[str]) -> int:
        """Prompts of others that come before `part`, as of the last look."""
        at = self._pending.index(part.prompt_id) if part.prompt_id in self._pending else 0
        return len([one for one in (*self._running, *self._pending[:at]) if one not in ours])

    def still(self, part: Part, where: Where, parts: Sequence[Part]) -> Generator[Event, None, None]:
        """Raises EngineUnavailable when nothing has moved for too long.

        Our own prompt does not move: a dead prompt thread, which answers HTTP and never works again. Others' before ours:
        theirs may be long or dead, so ours steps back and nothing counts against it.
        """
        if time.monotonic() - self.moved_at <= self._servers.stuck_s:
            return
        self._stuck = True
        if self._running:
            self._servers.hangs(self._url, self._running[0])
        if where == "running":
            raise EngineUnavailable(servers.stopped(self._url))
        self.cancel([one for one in parts if one.sent and not one.done])
        yield Handle({})
        raise EngineUnavailable(
            f"ComfyUI at {server_urls.name(self._url)} has been busy with something else all the time. "
            "Look at its queue; the job goes on by itself when it is free."
        )

    def cancel(self, parts: Sequence[Part]) -> None:
        """Nothing of `parts` runs or waits when this returns, if the server answers and stops in time."""
        until, left = time.monotonic() + CANCEL_S, list(parts)
        try:
            while left and time.monotonic() < until:
                for part in left:
                    self._client.cancel(part.prompt_id)
                left = [part for part in left if self.where(part) in {"running", "waiting"}]
                if self._stuck or not left:
                    break
                time.sleep(0.05)
        except (Away, Refusal) as gone:
            log.warning("not cancelled: ComfyUI does not answer", server=server_urls.name(self._url), error=str(gone))
        if left:
            log.warning(
                "ComfyUI has not stopped in time", server=server_urls.name(self._url), prompts=[part.prompt_id for part in left]
            )

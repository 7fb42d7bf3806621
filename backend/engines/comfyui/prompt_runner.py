"""A graph in, events and files out, on a server that forgets, restarts, goes deaf and stops without a word.

The socket tells quickly, HTTP tells truly: whatever the socket says is looked up before it counts, and looked up also when
the socket says nothing. Every prompt has our own id, saved before it is sent; what may have arrived is looked for before it
is sent again. A prompt ends done, failed, or known lost, which is when the server answers and has it nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

import structlog

from backend.engines.comfyui import error_messages, results, server_urls, servers
from backend.engines.comfyui.client import Away, Message, Refusal
from backend.engines.comfyui.progress import ProgressView
from backend.engines.comfyui.prompt_tracker import PromptTracker, remembered
from backend.engines.comfyui.prompts import Part, Task, parts_of
from backend.engines.comfyui.servers import Servers
from backend.engines.comfyui.socket_mux import Ear, SocketMux
from backend.engines.events import Alive, DeviceReleased, Event, Handle, Log, Output
from backend.errors import EngineUnavailable, LeaseLost, ShuttingDown, StudioError, Unsupported

log = structlog.get_logger(__name__)
AT_ONCE = 2
"""Prompts of ours on the server: one runs, one waits, so that the card never idles."""
LOOK_S, LOOK_DEAF_S = 1.5, 0.5
"""How often HTTP is asked while the socket says nothing, and without a socket."""
SOCKET_S = 2.0
MOST_LOST = 3

__all__ = ["Task", "remembered", "run"]


def run(
    found: Servers, tasks: Sequence[Task], *, device: str, workdir: Path, handle: dict[str, Any] | None = None
) -> Generator[Event, None, None]:
    """Runs `tasks` in order on the server of `device`; one Output each, its file in `workdir`.

    `handle`: what an earlier attempt said; what it had submitted is found again, on its own server whatever the device now.
    Closing cancels what is queued or running; LeaseLost and ShuttingDown thrown in leave it to the next attempt.
    Raises EngineUnavailable, Rejected, Unsupported, OutOfMemory, EngineError, each with a sentence.
    """
    run = _Run(found, tasks, device, workdir, handle or {})
    left = False
    try:
        yield from run.all()
    except (LeaseLost, ShuttingDown):
        left = True
        raise
    finally:
        run.end(cancel=not left)


class _Run:
    def __init__(self, found: Servers, tasks: Sequence[Task], device: str, workdir: Path, handle: dict[str, Any]) -> None:
        self._servers, self._workdir, self._handle = found, workdir, handle
        self._url = found.of(handle) or found.url_of(device)
        self._client = found.client(self._url)
        self._parts = parts_of(tasks, handle if found.of(handle) == self._url else {})
        self._show, self._watch = ProgressView(self._parts), PromptTracker(found, self._url, self._client)
        self._hubs: dict[SocketMux, Ear] = {}
        self._looked_at = 0.0
        self._handed_over = False

    def all(self) -> Generator[Event, None, None]:
        yield from self._reach()
        self._listen()
        yield self._say()
        yield from self._adopt()
        while part := next((part for part in self._parts if not part.done), None):
            yield from self._fill()
            if part.ended:
                yield from self._settle(part)
            else:
                yield from self._wait(part)

    def end(self, *, cancel: bool) -> None:
        """Nothing of ours runs or waits when this returns, if the server answers."""
        try:
            if cancel:
                self._watch.cancel([part for part in self._parts if part.sent and not part.done])
        finally:
            for hub, ear in self._hubs.items():
                hub.leave(ear)
                if hub is not self._servers.hub(self._url):
                    hub.close()

    # Before anything is sent

    def _reach(self) -> Generator[Event, None, None]:
        """Whether the server is there, before anything is saved: while it is not, nothing counts against the job."""
        yield Alive()
        try:
            self._client.remaining()
        except (Away, Refusal) as gone:
            if not any(part.adopted for part in self._parts):
                raise EngineUnavailable(servers.away(self._url), detail=str(gone)) from gone

    def _listen(self) -> None:
        """Our name's ear, and that of the attempt before us: what it submitted is told under its name."""
        mine = self._servers.hub(self._url)
        names = {str(self._handle.get("client_id") or "")} if any(part.adopted for part in self._parts) else set()
        for hub in (mine, *(SocketMux(self._url, name) for name in names - {"", mine.client_id})):
            ear = self._hubs[hub] = hub.listen(SOCKET_S)
            for part in self._parts:
                hub.about(ear, part.prompt_id)

    def _say(self) -> Handle:
        said = [[part.fingerprint, part.prompt_id] for part in self._parts]
        mine = self._servers.hub(self._url).client_id
        return Handle({"url": server_urls.bare(self._url), "client_id": mine, "prompts": said})

    def _adopt(self) -> Generator[Event, None, None]:
        """What the attempt before us had sent, and what became of it. What is nowhere was never sent, or is known lost."""
        adopted = [part for part in self._parts if part.adopted]
        for part in adopted:
            where = None
            while where is None:
                where = yield from self._watch.asked(part)
            part.sent, part.ended = where != "nowhere", where == "ended"
        if found := sum(part.sent for part in adopted):
            yield Log(f"Found {found} of {len(self._parts)} again on ComfyUI at {server_urls.name(self._url)}.")

    # Sending

    def _fill(self) -> Generator[Event, None, None]:
        for part in self._parts:
            if sum(one.sent and not one.done for one in self._parts) >= AT_ONCE:
                return
            if not part.sent:
                yield from self._send(part)

    def _send(self, part: Part) -> Generator[Event, None, None]:
        """Once. Without a clear answer it is looked for, and left to the next attempt when it is nowhere yet."""
        mine, nothing_sent = self._servers.hub(self._url).client_id, not any(one.sent for one in self._parts)
        try:
            graph = part.graph(self._client.upload)
        except Refusal as refusal:
            raise error_messages.refused(self._url, refusal) from refusal
        except Away as gone:
            if nothing_sent:
                yield Handle({})
            raise self._watch.unavailable(gone) from gone
        try:
            answer = self._client.prompt(graph, prompt_id=part.prompt_id, client_id=mine, extra=part.extra)
        except Refusal as refusal:
            raise self._refused(part, refusal) from refusal
        except Away as gone:
            if gone.sent:
                yield from self._in_doubt(part, gone)
                return
            if nothing_sent:
                yield Handle({})
            raise self._watch.unavailable(gone) from gone
        part.sent = True
        self._watch.moved()
        if answer.node_errors:
            # It was queued without its bad half: what would come is not what was asked for.
            raise self._refused(part, Refusal(200, "prompt_outputs_failed_validation", "", answer.node_errors, {}))

    def _refused(self, part: Part, refusal: Refusal) -> StudioError:
        """Its own lists, asked anew, name best what is missing."""
        self._servers.forget(self._url)
        try:
            lacking = part.task.missing(self._url) if part.task.missing else []
        except (Away, Refusal):
            lacking = []
        return (
            Unsupported(" ".join(lacking[:3]), detail=str(refusal)) if lacking else error_messages.refused(self._url, refusal)
        )

    def _in_doubt(self, part: Part, gone: Away) -> Generator[Event, None, None]:
        """The answer was lost: perhaps it is queued, perhaps it comes to be while we look."""
        until = time.monotonic() + self._servers.patience_s
        while True:
            where = yield from self._watch.asked(part)
            if where and where != "nowhere":
                part.sent, part.ended = True, where == "ended"
                self._watch.moved()
                return
            if time.monotonic() > until:
                part.sent = True  # so that ending cancels it, should it be there all the same
                raise self._watch.unavailable(gone)
            yield Alive()
            time.sleep(0.2)

    # Listening and looking

    def _wait(self, part: Part) -> Generator[Event, None, None]:
        """Until something is known of `part`, or a second has passed."""
        until = time.monotonic() + 1.0
        pause = LOOK_S if all(hub.up for hub in self._hubs) else LOOK_DEAF_S
        while not part.ended and part.sent and (left := until - time.monotonic()) > 0:
            if heard := self._hear(min(left, pause)):
                yield from self._learn(heard)
            if not part.ended and time.monotonic() - self._looked_at > pause:
                yield from self._look(part)
        yield from self._hand_over()
        yield Alive()

    def _hear(self, seconds: float) -> Message | None:
        ears = list(self._hubs.values())
        for ear in ears:
            try:
                return ear.get_nowait()
            except Empty:
                continue
        try:
            return ears[0].get(timeout=min(seconds, 0.25) if len(ears) > 1 else seconds)
        except Empty:
            return None

    def _learn(self, heard: Message) -> Generator[Event, None, None]:
        if heard.kind == "connected":
            self._looked_at = 0.0  # what was said meanwhile is not said again
            return
        part = next((one for one in self._parts if one.prompt_id == heard.prompt_id), None)
        if part is None or part.done:
            return
        self._looked_at = time.monotonic()
        self._watch.moved()
        part.running = True
        if heard.kind == "executing" and heard.data.get("node") is None:
            part.ended = True  # only now is it in the history
            return
        yield from self._hand_over()
        if heard.kind == "executed":
            part.early = results.early(self._client, heard, part.task.results, self._target(part)) or part.early
        yield from self._show.told(part, heard)

    def _look(self, part: Part) -> Generator[Event, None, None]:
        """The truth. Raises EngineUnavailable when the server is away for long, or has not moved for too long."""
        where = yield from self._watch.asked(part)
        self._looked_at = time.monotonic()
        if where == "ended":
            part.ended = True
        elif where == "nowhere":
            yield from self._lost(part, "ComfyUI was restarted, or its queue was cleared")
        elif where is not None:
            part.running = where == "running"
            ahead = self._watch.ahead(part, {one.prompt_id for one in self._parts})
            yield from self._show.begun() if part.running else self._show.waits(ahead)
            yield from self._watch.still(part, where, self._parts)

    def _hand_over(self) -> Generator[Event, None, None]:
        """All is sent and the last of it runs: whoever is next may send too, so that the card does not wait for our end."""
        if not self._handed_over and all(part.done or part.running or part.ended for part in self._parts):
            self._handed_over = True
            yield DeviceReleased()

    # What can become of it

    def _settle(self, part: Part) -> Generator[Event, None, None]:
        try:
            entry = self._client.entry(part.prompt_id)
            if entry is None:
                part.ended = False
                return
            if entry.outcome == "error":
                part.done = True
                raise error_messages.failed(self._url, entry.error)
            if entry.outcome == "interrupted":
                yield from self._lost(part, "Somebody stopped it in ComfyUI")
                return
            file = results.choose(entry, part.task.results)
            found = part.early if part.early and part.early.file == file else None
            found = found or results.fetch(self._client, file, self._target(part))
        except (Away, Refusal) as gone:
            yield from self._watch.is_away(gone)
            return
        except results.Spoilt as spoilt:
            log.warning(
                "a result of ComfyUI is no good", server=server_urls.name(self._url), prompt=part.prompt_id, why=str(spoilt)
            )
            yield from self._lost(part, "Its file is not there or not whole")
            return
        part.done = True
        self._watch.moved()
        yield from self._hand_over()
        yield from self._show.finished()
        yield Output(found.path, part.n, {**found.size, **part.task.meta}, found.picture)

    def _target(self, part: Part) -> Path:
        return self._workdir / f"comfyui-{part.n}"

    def _lost(self, part: Part, why: str) -> Generator[Event, None, None]:
        part.again()
        if part.lost >= MOST_LOST:
            raise error_messages.lost(self._url, part.lost)
        for hub, ear in self._hubs.items():
            hub.about(ear, part.prompt_id)
        self._watch.moved()
        yield Log(f"{why}: number {part.n + 1} is asked for again.")
        yield self._say()

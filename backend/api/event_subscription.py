"""One open stream: the frames that wait for it, and the way past its task while nothing waits.

Most frames find a client that has read all earlier ones. They are written to its connection at once: waking a task for each of
a thousand streams, and passing each frame through every middleware, takes twice as long as sending it.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

QUEUED_FRAMES = 500
"""Of one stream. A client that reads slower than that is told to read its lists anew."""


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
        if self.position is None or not self.noun:
            return self.sse
        return f"id: {self.position}\ndata: ".encode() + self.data + b"\n\n"

    @cached_property
    def chunk(self) -> bytes:
        """`sse` as a chunk of an HTTP/1.1 body."""
        return _chunk(self.sse)

    @cached_property
    def unnamed_chunk(self) -> bytes:
        return _chunk(self.unnamed_sse)

    @cached_property
    def message(self) -> str:
        """For a WebSocket."""
        return f'{{"id":{json.dumps(self.position)},"event":{json.dumps(self.name)},"data":{self.data.decode()}}}'


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


HEARTBEAT = Frame(None, "", "", "", b"")
RESET = Frame(None, "reset", "", "", b"{}")


@dataclass(eq=False, slots=True)
class Subscription:
    """`accepts(noun, noun_id)`: what the stream asked for and may see. `begins_behind`: events up to this position are none of
    its frames; it has them, or reads them by itself.

    `write_frames`: sends them at once; False while the connection takes none. None: everything goes through the
    stream's task.
    """

    tenant_id: str
    user_id: str
    accepts: Callable[[str, str], bool]
    begins_behind: int = 0
    overflowed: bool = False
    write_frames: Callable[[Sequence[Frame]], bool] | None = None
    _last: int = 0
    """Position of the newest event that was put."""
    _waiting: deque[Frame] = field(default_factory=deque)
    _parked: asyncio.Future[None] | None = None
    """Of the stream's task while it waits for frames."""

    def put(self, frames: Sequence[Frame]) -> None:
        """Sends those of `frames` that the stream asked for, or lets them wait for it. Events that were put before are left
        out."""
        seen = max(self._last, self.begins_behind)
        new_frames = [
            frame
            for frame in frames
            if (frame.position is None or frame.position > seen) and self.accepts(frame.noun, frame.noun_id)
        ]
        if not new_frames or self.overflowed:
            return
        self._last = max([seen, *(frame.position or 0 for frame in new_frames)])
        parked = self._parked
        idle = parked is not None and not self._waiting
        if idle and self.write_frames is not None and self.write_frames(new_frames):
            return
        self._waiting.extend(new_frames)
        if len(self._waiting) > QUEUED_FRAMES:
            self.overflowed = True
            self._waiting.clear()
        if parked is not None and not parked.done():
            parked.set_result(None)

    async def take(self, wait_s: float) -> list[Frame]:
        """The frames that wait; a heartbeat when there are none for `wait_s`, [RESET] when too many waited."""
        if not self._waiting and not self.overflowed:
            self._parked = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(wait_s):
                    await self._parked
            except TimeoutError:
                if not self._waiting and not self.overflowed:
                    return [HEARTBEAT]
            finally:
                self._parked = None
        if self.overflowed:
            return [RESET]
        frames = [frame for frame in self._waiting if frame.position is None or frame.position > self.begins_behind]
        self._waiting.clear()
        return frames

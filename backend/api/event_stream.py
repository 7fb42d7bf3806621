"""Server-sent events as an ASGI answer: heartbeats, a limit for each write, and an end when the client is gone.

Not Starlette's StreamingResponse: it notices a client that has left only when it next sends something, and waits for ever for
one that never reads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT_S = 15.0
WRITE_S = 30.0
"""How long a client may take to read what is sent. The connection itself is ended by studio/shell/connections.py."""
LIFE_S = 1800.0
"""Then the stream ends in order, and the browser comes back with Last-Event-ID."""
STREAM_STATE = "studio_event_stream"
"""Set in the scope's `state`: at the server's end such an answer is cut instead of waited for."""


class EventStream(Response):
    """`frames` gives bytes or waits. It is closed when the stream ends, for whatever reason."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})[STREAM_STATE] = True
        gone = asyncio.ensure_future(_until_disconnected(receive))
        sending = asyncio.ensure_future(self._send_all(send, gone))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and isinstance(sending.exception(), TimeoutError):
                await gone  # returning would let uvicorn wait for the buffer that this client does not read
        finally:
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)

    async def _send_all(self, send: Send, gone: asyncio.Future[None]) -> None:
        async def write(body: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(WRITE_S):  # not wait_for, which can swallow a cancellation on Python 3.11
                await send({"type": "http.response.body", "body": body, "more_body": more})

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await write(b"retry: 3000\n\n")
        ends_at = time.monotonic() + LIFE_S
        waiting: asyncio.Future[bytes] | None = None
        try:
            # uvicorn's send returns at once after a disconnect, so the loop looks for itself
            while time.monotonic() < ends_at and not gone.done():
                waiting = waiting or asyncio.ensure_future(anext(self._frames))
                done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_S)
                if not done:
                    await write(b": \n\n")
                    continue
                finished, waiting = waiting, None
                try:
                    body = finished.result()
                except StopAsyncIteration:
                    break
                await write(body)
            await write(b"", more=False)
        finally:
            if waiting:
                waiting.cancel()
                await asyncio.wait({waiting})
            await self._frames.aclose()


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

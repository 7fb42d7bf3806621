"""Server-sent events as an ASGI answer that ends when its client is gone.

Not Starlette's StreamingResponse, which notices a client that has left only when it next sends something. A client that never
reads is cut by the connection itself (studio/shell/connections.py), which ends the answer too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT_S = 15.0
LIFE_S = 1800.0
"""Then the stream ends in order, and the browser comes back with Last-Event-ID."""
STREAM_STATE = "studio_event_stream"
"""Set in the scope's `state`: at the server's end such an answer is cut instead of waited for."""


class EventStream(Response):
    """`frames` gives one at least every HEARTBEAT_S. It is closed when the stream ends, for whatever reason."""

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
        finally:
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)

    async def _send_all(self, send: Send, gone: asyncio.Future[None]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b"retry: 3000\n\n", "more_body": True})
        ends_at = time.monotonic() + LIFE_S
        try:
            async for frame in self._frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
                # uvicorn's send returns at once after a disconnect, so the loop looks for itself
                if gone.done() or time.monotonic() > ends_at:
                    break
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._frames.aclose()


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

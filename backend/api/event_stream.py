"""Server-sent events as an ASGI answer that ends when its client is gone.

Not Starlette's StreamingResponse, which notices a client that has left only when it next sends something. A client that never
reads is cut by the connection itself (studio/shell/connections.py), which ends the answer too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT_S = 15.0
LIFE_S = 1800.0
"""Then the stream ends in order, and the browser comes back with Last-Event-ID."""
STREAM_STATE = "studio_event_stream"
"""Set in the scope's `state`: at the server's end such an answer is cut instead of waited for."""


WRITE_CHUNK = "studio_write_chunk"
"""In the scope's `state`, where the server has it: a function that sends a chunk of the running answer, framed as HTTP/1.1
wants it, past the middleware. False when the connection takes none now."""


class EventStream(Response):
    """`batches` gives one at least every HEARTBEAT_S, which is sent as one chunk. It is closed when the stream ends, for
    whatever reason. `write_past(write_chunk)` is called once the answer has begun, if chunks may be sent past `batches`."""

    media_type = "text/event-stream"

    def __init__(
        self, batches: AsyncGenerator[bytes, None], write_past: Callable[[Callable[[bytes], bool]], None] | None = None
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._batches, self._write_past = batches, write_past

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})[STREAM_STATE] = True
        gone = asyncio.ensure_future(_until_disconnected(receive))
        sending = asyncio.ensure_future(self._send_all(scope, send, gone))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)

    async def _send_all(self, scope: Scope, send: Send, gone: asyncio.Future[None]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b"retry: 3000\n\n", "more_body": True})
        write_chunk = scope["state"].get(WRITE_CHUNK)
        if self._write_past and write_chunk and scope["http_version"] == "1.1":
            self._write_past(write_chunk)
        ends_at = time.monotonic() + LIFE_S
        try:
            async for batch in self._batches:
                await send({"type": "http.response.body", "body": batch, "more_body": True})
                # uvicorn's send returns at once after a disconnect, so the loop looks for itself
                if gone.done() or time.monotonic() > ends_at:
                    break
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._batches.aclose()


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

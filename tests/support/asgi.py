"""A client of an ASGI application that reads an answer while it is still being sent."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    id: str
    name: str
    data: Any


class AsgiStream:
    """One GET, or a POST of `body` as JSON. `start` returns the status; then `event` waits for the next server-sent event."""

    def __init__(self, app: Any, path: str, query: str, headers: dict[str, str], body: Any = None) -> None:
        self._app, self._body = app, b"" if body is None else json.dumps(body).encode()
        sent = {"host": "testserver", "content-type": "application/json", **headers}
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET" if body is None else "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
            "state": {},
        }
        self.headers: dict[str, str] = {}
        self._status: asyncio.Future[int] = asyncio.Future()
        self._events: asyncio.Queue[ServerSentEvent | None] = asyncio.Queue()
        self._reads = asyncio.Event()
        self._reads.set()
        self._gone = asyncio.Event()
        self._requested = False
        self._buffer = b""

    async def start(self) -> int:
        self._task = asyncio.ensure_future(self._app(self._scope, self._receive, self._send))
        await asyncio.wait({self._task, self._status}, return_when=asyncio.FIRST_COMPLETED)
        return await self._status

    async def event(self) -> ServerSentEvent:
        event = await self._events.get()
        assert event is not None, "the stream has ended"
        return event

    async def stop_reading(self) -> None:
        """From the next write on the server waits."""
        self._reads.clear()

    async def names_until_end(self) -> list[str]:
        """Reads again, to the stream's end."""
        self._reads.set()
        names = []
        while (event := await self._events.get()) is not None:
            names.append(event.name)
        return names

    async def ended(self) -> None:
        assert await self._events.get() is None

    async def close(self) -> None:
        self._gone.set()
        self._reads.set()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _receive(self) -> dict[str, Any]:
        if not self._requested:
            self._requested = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self._status.set_result(message["status"])
            return
        await self._reads.wait()
        self._buffer += message.get("body", b"")
        *whole, self._buffer = self._buffer.split(b"\n\n")
        for block in whole:
            fields = dict(line.split(": ", 1) for line in block.decode().splitlines() if ": " in line and line[0] != ":")
            if "data" in fields:
                name = fields.get("event", "message")
                self._events.put_nowait(ServerSentEvent(fields.get("id", ""), name, json.loads(fields["data"])))
        if not message.get("more_body"):
            self._events.put_nowait(None)

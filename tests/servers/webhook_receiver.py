"""Another program that takes webhooks, with faults: it fails, redirects, hangs, answers without end or asks to wait."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.servers.in_thread import ThreadedServer

Send = Callable[[dict[str, Any]], Awaitable[None]]
HANG, ENDLESS = "hang", "endless"
"""Answers nothing at all; answers 200 and then a body that never ends."""


@dataclass(frozen=True)
class Taken:
    """A request: `headers` in lower case, `body` as it came, `status` that it was answered with (0: none)."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def message_id(self) -> str:
        return self.headers.get("webhook-id", "")


@dataclass(frozen=True)
class Reply:
    """`status`: or HANG, ENDLESS."""

    status: int | str = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class WebhookReceiver(ThreadedServer):
    """`replies`: to the next requests, then `usual` for ever; `choose`, if set, decides for each request before both."""

    def __init__(self, *replies: Reply, usual: Reply | None = None) -> None:
        super().__init__("webhook receiver")
        self.replies, self.usual = deque(replies), usual or Reply()
        self.choose: Callable[[str], Reply | None] = lambda _message_id: None
        self.taken: list[Taken] = []
        self.most_at_once: Counter[str] = Counter()
        self._at_once: Counter[str] = Counter()
        self._released = threading.Event()

    def start(self, app: Any = None, **options: Any) -> None:
        self._released.clear()
        super().start(app or self._serve, **{"interface": "asgi3", "lifespan": "off"} | options)

    def stop(self) -> None:
        self._released.set()
        super().stop()

    async def _serve(self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
        if scope["type"] != "http":
            return
        path = str(scope["path"])
        self._at_once[path] += 1
        self.most_at_once[path] = max(self.most_at_once[path], self._at_once[path])
        try:
            await self._answer(scope, receive, send)
        finally:
            self._at_once[path] -= 1

    async def _answer(self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        chosen = self.choose(headers.get("webhook-id", ""))
        reply = chosen or (self.replies.popleft() if self.replies else self.usual)
        status = reply.status if isinstance(reply.status, int) else 0 if reply.status == HANG else 200
        self.taken.append(Taken(str(scope["path"]), headers, body, status))
        if reply.status == HANG:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        pairs = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        while reply.status == ENDLESS and not self._released.is_set():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await send({"type": "http.response.body", "body": reply.body})


@contextmanager
def receiving(*replies: Reply, **options: Any) -> Iterator[WebhookReceiver]:
    """A receiver that runs. `options` are uvicorn's."""
    receiver = WebhookReceiver(*replies)
    receiver.start(**options)
    try:
        yield receiver
    finally:
        receiver.stop()

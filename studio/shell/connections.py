"""Limits below ASGI: how long a request may take to arrive (against slowloris attacks), how large a WebSocket message may be.

uvicorn's own protocols wait without limit for a request's head or body; they rely on a proxy in front.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any, ClassVar, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from backend.api import STREAM_STATE, WRITE_CHUNK

HEAD_TIMEOUT_S = 15.0
"""Seconds in which the whole head of a request must arrive."""
BODY_WINDOW_S, BODY_BYTES_S = 15.0, 1024
"""Minimum rate of a body in bytes a second. A request is refused when two windows in a row are slower."""
RESPONSE_STALL_S = 120.0
"""A connection whose client has read nothing of its answer for this long is closed."""
MAX_UNFINISHED_HEADS = 128
"""Connections of one address that have not sent a whole head yet; beyond this the oldest one is closed."""
MAX_MESSAGE_BYTES = 4 << 20
"""Of a WebSocket message. The largest that a page sends is a pasted workflow of 1 MB."""
ANONYMOUS_MESSAGE_BYTES = 256 << 10
"""Of a WebSocket message until the user is known; the sign-in form sends 1 kB."""
RAISE_LIMIT = "studio.raise_message_limit"
"""Key in `extensions` of a WebSocket's ASGI scope: a function to call once the user is known. It raises the message limit."""


class LimitedHttpProtocol(H11Protocol):
    """Answers 408 to a request that does not arrive in time and ends the connection."""

    _unfinished: ClassVar[dict[str, dict[LimitedHttpProtocol, None]]] = defaultdict(dict)
    """Address -> its connections that have not sent a whole head, the oldest first."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, WRITE_CHUNK: self._write_chunk}
        self._watched: tuple[str, int] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._is_socket = False
        self._received, self._received_before, self._slow_windows = 0, 0, 0
        self._address = self.client[0] if self.client else ""
        unfinished = self._unfinished[self._address]
        unfinished[self] = None
        if len(unfinished) > MAX_UNFINISHED_HEADS:
            oldest = next(iter(unfinished))  # an honest head arrives soon, so the oldest is the most likely attack
            del unfinished[oldest]
            oldest.transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if not self._is_socket:
            self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._is_socket = True
        self._forget_timers()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timers()
        super().connection_lost(exc)
        for state in (self.app_state, self.scope["state"] if self.scope else {}):
            state.pop(WRITE_CHUNK, None)  # else the connection and its state would name each other until a garbage collection

    def _write_chunk(self, data: bytes) -> bool:
        """Sends a chunk of the running answer, unless the client is gone or has not read what was sent before."""
        if self.flow.write_paused or self.transport.is_closing() or self.cycle.disconnected or self.cycle.response_complete:
            return False
        self.transport.write(data)
        return True

    def shutdown(self) -> None:
        """At the server's end: streams of events never end by themselves, so they are cut; their clients come back."""
        super().shutdown()
        if self.cycle and not self.cycle.response_complete and STREAM_STATE in self.cycle.scope.get("state", {}):
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(RESPONSE_STALL_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled:
            self._stalled.cancel()
            self._stalled = None

    def _waiting_for(self) -> str:
        """ "head", "body", or "" while nothing is expected from the client (uvicorn's keep-alive ends quiet connections)."""
        match self.conn.their_state:
            case h11.IDLE:
                return "head" if self.cycle is None or self.conn.trailing_data[0] else ""
            case h11.SEND_BODY:
                return "body"
        return ""

    def _watch(self) -> None:
        """Restarts the timer when a new part of a request, or a part of a new request, is waited for."""
        part = self._waiting_for()
        if part != "head" or self.cycle is not None:
            self._head_arrived()
        watched = (part, id(self.cycle)) if part else None
        if watched == self._watched:
            return
        self._watched, self._slow_windows, self._received_before = watched, 0, self._received
        if self._timer:
            self._timer.cancel()
        self._timer = self.loop.call_later(HEAD_TIMEOUT_S if part == "head" else BODY_WINDOW_S, self._check) if part else None

    def _check(self) -> None:
        if self._watched and self._watched[0] == "head":
            self._refuse_request()
            return
        held_up_by_us = self.flow.read_paused or (self.cycle is not None and self.cycle.waiting_for_100_continue)
        slow = not held_up_by_us and self._received - self._received_before < BODY_BYTES_S * BODY_WINDOW_S
        self._slow_windows = self._slow_windows + 1 if slow else 0
        self._received_before = self._received
        if self._slow_windows >= 2:
            self._refuse_request()
        else:
            self._timer = self.loop.call_later(BODY_WINDOW_S, self._check)

    def _refuse_request(self) -> None:
        self._timer = None
        # Browsers open spare connections; one that has sent nothing is closed without an answer.
        if self._received and (self.cycle is None or self.cycle.response_complete or not self.cycle.response_started):
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()

    def _head_arrived(self) -> None:
        unfinished = self._unfinished.get(self._address)
        if unfinished is not None:
            unfinished.pop(self, None)
            if not unfinished:
                del self._unfinished[self._address]

    def _forget_timers(self) -> None:
        self._head_arrived()
        for timer in (self._timer, self._stalled):
            if timer:
                timer.cancel()


class LimitedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Accepts only small messages until the application has called RAISE_LIMIT. A larger one is refused by its header."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn.max_message_size = ANONYMOUS_MESSAGE_BYTES

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast("dict[str, Any]", self.scope["extensions"])[RAISE_LIMIT] = self._raise_limit

    def _raise_limit(self) -> None:
        self.conn.max_message_size = MAX_MESSAGE_BYTES

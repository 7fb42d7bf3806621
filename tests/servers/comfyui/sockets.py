"""The one send loop, who gets what, and the trap of two sockets with one name (comfyui.md, 5)."""

from __future__ import annotations

import asyncio
import json
import struct
import uuid
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.servers.comfyui.faults import Faults

PREVIEW, PREVIEW_WITH_METADATA, JPEG = 1, 4, 1
FEATURES = {"supports_preview_metadata": True, "max_upload_size": 104857600}


class Sockets:
    """`client_id`: of the prompt that runs or ran last; `last_node`: the node it is at."""

    def __init__(self, faults: Faults, remaining: Callable[[], int]) -> None:
        self._faults, self._remaining = faults, remaining
        self._open: dict[str, WebSocket] = {}
        self._features: dict[str, dict[str, Any]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._messages: asyncio.Queue[tuple[str, Any, str | None]] | None = None
        self.client_id: str | None = None
        self.last_node: str | None = None
        self.accepted = 0

    def start(self) -> asyncio.Task[None]:
        """In the server's own loop."""
        self._loop, self._messages = asyncio.get_running_loop(), asyncio.Queue()
        return asyncio.create_task(self._send_loop())

    def send(self, event: str, data: Any, sid: str | None = None) -> None:
        """From any thread. `sid` None: to everybody."""
        if self._loop and self._messages and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._messages.put_nowait, (event, data, sid))

    def send_preview(self, jpeg: bytes, metadata: dict[str, Any], sid: str) -> None:
        """Event 4 for clients that asked for it with their first message, else event 1, which names no prompt."""
        if self._features.get(sid, {}).get("supports_preview_metadata"):
            head = json.dumps({**metadata, "image_type": "image/jpeg"}).encode()
            self.send("", struct.pack(">II", PREVIEW_WITH_METADATA, len(head)) + head + jpeg, sid)
        else:
            self.send("", struct.pack(">II", PREVIEW, JPEG) + jpeg, sid)

    def status(self) -> None:
        self.send("status", {"status": {"exec_info": {"queue_remaining": self._remaining()}}})

    async def _send_loop(self) -> None:
        """One loop with backpressure: a client that does not read stalls events for all."""
        assert self._messages
        while True:
            event, data, sid = await self._messages.get()
            if self._faults.deaf:
                continue
            everybody = list(self._open.values())
            for socket in everybody if sid is None else [self._open[sid]] if sid in self._open else []:
                await _send(socket, event, data)

    async def serve(self, socket: WebSocket) -> None:
        if self._faults.no_socket:
            await socket.close(403)
            return
        await socket.accept()
        self.accepted += 1
        sid = socket.query_params.get("clientId") or uuid.uuid4().hex
        self._open.pop(sid, None)
        self._open[sid] = socket
        self._features.pop(sid, None)
        try:
            if not self._faults.deaf:
                await _send(socket, "status", {"status": {"exec_info": {"queue_remaining": self._remaining()}}, "sid": sid})
                if self.client_id == sid and self.last_node is not None:
                    await _send(socket, "executing", {"node": self.last_node})
            await self._listen(socket, sid)
        except WebSocketDisconnect:
            pass
        finally:
            self._open.pop(sid, None)  # also the newer socket of that name: it stays open but deaf

    async def _listen(self, socket: WebSocket, sid: str) -> None:
        first = True
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            value = json.loads(message.get("text") or "{}")
            if first and value.get("type") == "feature_flags":
                self._features[sid] = value.get("data", {})
                self.send("feature_flags", FEATURES, sid)
            first = False


async def _send(socket: WebSocket, event: str, data: Any) -> None:
    try:
        if isinstance(data, bytes):
            await socket.send_bytes(data)
        else:
            await socket.send_text(json.dumps({"type": event, "data": data}))
    except (WebSocketDisconnect, RuntimeError, OSError):
        return  # as the real one: logged and forgotten

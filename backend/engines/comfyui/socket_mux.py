"""Shares one socket per server and client id: each message goes to the runs that subscribed to its prompt."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from backend.engines.comfyui.client import ComfySocket
from backend.engines.comfyui.client_models import SocketMessage

LINGER_S = 60.0
"""A socket without subscribers stays open so long for the next job: connecting costs more than keeping it."""
MAX_QUEUED = 2_000
"""A subscriber with so many unread messages gets no more of them; it polls by HTTP anyway."""
Subscription = SimpleQueue[SocketMessage]


class SocketMux:
    """One client id on one server. Thread-safe."""

    def __init__(self, url: str, client_id: str) -> None:
        self.client_id = client_id
        self._url = url
        self._lock, self._socket_lock = threading.Lock(), threading.Lock()
        self._subscriptions: dict[Subscription, set[str]] = {}
        self._socket: ComfySocket | None = None
        self._current = ""
        self._closing: threading.Timer | None = None

    @property
    def connected(self) -> bool:
        socket = self._socket
        return socket is not None and socket.connected

    def subscribe(self, wait_s: float) -> Subscription:
        """A new subscription. Waits at most `wait_s` for the connection: without it, polling by HTTP finds everything later."""
        subscription: Subscription = SimpleQueue()
        with self._lock:
            self._subscriptions[subscription] = set()
        with self._socket_lock:
            if self._socket is None:
                self._socket = ComfySocket(self._url, self.client_id, self._on_message)
            socket = self._socket
        socket.wait_connected(wait_s)
        return subscription

    def add_prompt(self, subscription: Subscription, prompt_id: str) -> None:
        """From now on `subscription` gets the messages about this prompt."""
        with self._lock:
            self._subscriptions[subscription].add(prompt_id)

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.pop(subscription, None)
            if self._subscriptions or self._closing:
                return
            self._closing = threading.Timer(LINGER_S, self._close_if_idle)
            self._closing.daemon = True
            self._closing.start()

    def close(self) -> None:
        """The connection is closed when this returns."""
        with self._lock:
            if self._closing:
                self._closing.cancel()
                self._closing = None
        with self._socket_lock:
            socket, self._socket = self._socket, None
            if socket:
                socket.close()

    def _close_if_idle(self) -> None:
        with self._lock:
            self._closing = None
            if self._subscriptions:
                return
        self.close()

    def _on_message(self, message: SocketMessage) -> None:
        if message.kind == "executing":
            # After a reconnection the server names the running node without its prompt: the last known prompt stays.
            self._current = message.prompt_id or self._current
        prompt_id = message.prompt_id or (self._current if message.kind == "preview" else "")
        if prompt_id != message.prompt_id:
            message = SocketMessage(message.kind, prompt_id, message.data, message.picture)
        with self._lock:
            subscriptions = [
                subscription
                for subscription, ids in self._subscriptions.items()
                if prompt_id in ids or message.kind == "connected"
            ]
        for subscription in subscriptions:
            if subscription.qsize() < MAX_QUEUED:
                subscription.put(message)

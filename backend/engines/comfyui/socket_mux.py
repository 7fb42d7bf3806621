"""Who listens to what: one socket for each name we have on a server, its messages handed to the runs they are about."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from backend.engines.comfyui.client import Message, Socket

LINGER_S = 60.0
"""A socket nobody listens to stays so long, for the next job: connecting costs more than keeping."""
MOST_WAITING = 2_000
"""A run that does not look at its messages for so many is told the next ones by HTTP alone."""
Ear = SimpleQueue[Message]


class SocketMux:
    """One name on one server. Thread-safe."""

    def __init__(self, url: str, client_id: str) -> None:
        self.client_id = client_id
        self._url = url
        self._guard, self._sockets = threading.Lock(), threading.Lock()
        self._ears: dict[Ear, set[str]] = {}
        self._socket: Socket | None = None
        self._current = ""
        self._closing: threading.Timer | None = None

    @property
    def up(self) -> bool:
        socket = self._socket
        return socket is not None and socket.up

    def listen(self, wait_s: float) -> Ear:
        """A new ear. Waits until the socket is up, at most `wait_s`: without one, HTTP tells everything, only later."""
        ear: Ear = SimpleQueue()
        with self._guard:
            self._ears[ear] = set()
        with self._sockets:
            if self._socket is None:
                self._socket = Socket(self._url, self.client_id, self._hear)
            socket = self._socket
        socket.wait_up(wait_s)
        return ear

    def about(self, ear: Ear, prompt_id: str) -> None:
        """From now on `ear` hears what is said of this prompt."""
        with self._guard:
            self._ears[ear].add(prompt_id)

    def leave(self, ear: Ear) -> None:
        with self._guard:
            self._ears.pop(ear, None)
            if self._ears or self._closing:
                return
            self._closing = threading.Timer(LINGER_S, self._tidy)
            self._closing.daemon = True
            self._closing.start()

    def close(self) -> None:
        """The connection is closed when this returns."""
        with self._guard:
            if self._closing:
                self._closing.cancel()
                self._closing = None
        with self._sockets:
            socket, self._socket = self._socket, None
            if socket:
                socket.close()

    def _tidy(self) -> None:
        with self._guard:
            self._closing = None
            if self._ears:
                return
        self.close()

    def _hear(self, message: Message) -> None:
        if message.kind == "executing":
            # On a reconnection the node that runs is named without its prompt: then nothing new is known.
            self._current = message.prompt_id or self._current
        prompt_id = message.prompt_id or (self._current if message.kind == "preview" else "")
        if prompt_id != message.prompt_id:
            message = Message(message.kind, prompt_id, message.data, message.picture)
        with self._guard:
            ears = [ear for ear, ids in self._ears.items() if prompt_id in ids or message.kind == "connected"]
        for ear in ears:
            if ear.qsize() < MOST_WAITING:
                ear.put(message)

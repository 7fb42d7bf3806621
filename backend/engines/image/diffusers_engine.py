"""The image engine of a fresh machine: any Stable Diffusion folder, drawn by one warm child process."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

from backend.engines.comfyui.workflow import Workflow
from backend.engines.diffusion import cards, ipc_codec
from backend.engines.diffusion.process import Process, missing_libraries, version
from backend.engines.events import Alive, EngineStatus, Event
from backend.engines.image.checks import checked
from backend.engines.image.port import ImageRequest, ModelCard
from backend.errors import EngineUnavailable, ProcessKilled
from backend.settings import Settings

HOST = "backend.engines.image.child_host"
CANCEL_GRACE_S = 5.0


class DiffusersEngine:
    """Draws with local weights. Closing `run` stops at the next step; a host that does not answer in 5 s is killed."""

    name = "diffusers"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.keeps_s = settings.engine_idle_s
        self._guard = threading.Lock()
        self._seats: dict[str, _Seat] = {}

    def run(self, request: ImageRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        card, folder = cards.find(self._settings, request.model)
        request = checked(card, request)
        seat = self._seat(request.device)
        for wait in seat.turn():
            if wait:
                yield Alive()
        try:
            order = {"card": ipc_codec.dump(card), "folder": str(folder), "request": ipc_codec.dump(request)}
            yield from seat.draw(order)
            seat.model = card.name
        finally:
            seat.busy.release()

    def models(self) -> list[ModelCard]:
        return cards.cards(self._settings)[0]

    def missing_for(self, workflow: Workflow) -> list[str]:
        return ["Workflows are drawn by a ComfyUI. Set COMFYUI_URL to the address of yours."]

    def status(self, device: str = "") -> EngineStatus:
        good, bad = cards.cards(self._settings)
        if missing := missing_libraries():
            detail = f"Not installed: {', '.join(missing)}. Run `make run` again, which installs them."
            return EngineStatus(self.name, False, "", detail)
        asked = [seat for name, seat in list(self._seats.items()) if device in ("", name)]
        warm = "warm" if any(seat.warm() for seat in asked) else "starts with the first picture"
        number = "1 model" if len(good) == 1 else f"{len(good)} models"
        detail = " ".join([f"{number}, {warm}.", *bad])
        where = ", ".join(filter(None, (seat.device for seat in asked)))
        return EngineStatus(self.name, bool(good), version(), detail, where or device or self._settings.engine_device)

    def loaded(self, device: str) -> str:
        seat = self._seats.get(device)
        return seat.model if seat and seat.warm() else ""

    def unload(self, device: str = "") -> None:
        for name, seat in list(self._seats.items()):
            if device in ("", name):
                with seat.busy:
                    seat.end_host()

    def _seat(self, device: str) -> _Seat:
        """Each card has a host of its own; what names no card draws where ENGINE_DEVICE says."""
        with self._guard:
            return self._seats.setdefault(device, _Seat(self._settings, device or self._settings.engine_device))


class _Seat:
    """One card's host process: it draws one order at a time. `device`: as torch calls it, once it has said so.

    `model`: what it drew with last.
    """

    def __init__(self, settings: Settings, wish: str) -> None:
        self.busy = threading.Lock()
        self.device = self.model = ""
        self._settings, self._wish = settings, wish
        self._host: Process | None = None
        self._count = 0

    def turn(self) -> Iterator[bool]:
        """True for every second of waiting, then False once it is ours."""
        while not self.busy.acquire(timeout=1.0):
            yield True
        yield False

    def warm(self) -> bool:
        return self._host is not None and self._host.alive()

    def draw(self, order: dict[str, Any]) -> Generator[Event, None, None]:
        self._count += 1
        number, ended = self._count, False
        try:
            for message in self._ask(number, order):
                if message is None:
                    yield Alive()
                elif "event" in message:
                    yield ipc_codec.unpack(message)
                elif "error" in message:
                    ended = True
                    raise ipc_codec.unpack_error(message)
            ended = True
        finally:
            if not ended:
                self._cancel(number)

    def _ask(self, number: int, order: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
        """The host's answer to one order. A host that had gone idle, or was killed, before it began is started once more."""
        for last_try in (False, True):
            host = self._warm_host()
            accepted = False
            host.say({"id": number, **order})
            for message in host.said():
                if message and "ready" in message:
                    self.device = f"{message['name']} ({message['ready']})"
                elif message and message.get("id") == number:
                    accepted = True
                    if "done" in message:
                        return
                else:
                    yield message
                if message and "error" in message:
                    return
            failure = host.failure()
            self._host = None
            if accepted or last_try or not (failure.data["exit_code"] == 0 or isinstance(failure, ProcessKilled)):
                raise failure

    def _warm_host(self) -> Process:
        if self._host is None or not self._host.alive():
            self.end_host()
            if missing := missing_libraries():
                raise EngineUnavailable(f"Not installed: {', '.join(missing)}. Run `make run` again, which installs them.")
            order = {
                "device": self._wish,
                "threads": self._settings.engine_threads,
                "idle_s": self._settings.engine_idle_s,
            }
            self._host = Process(HOST, order, self._settings)
        return self._host

    def _cancel(self, number: int) -> None:
        """Asks the host to stop before its next step; ends it when it does not."""
        host = self._host
        if host is None or not host.say({"cancel": number}):
            return self.end_host()
        until = time.monotonic() + CANCEL_GRACE_S
        for message in host.said():
            if message and message.get("id") == number and "done" in message:
                return None
            if time.monotonic() > until:
                break
        return self.end_host()

    def end_host(self) -> None:
        if self._host is not None:
            self._host.stop(grace_s=0.5)
            self._host = None

"""The built-in image engine: draws with any Stable Diffusion folder, in one warm child process per device."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

from backend.engines.local.diffusers import model_cards
from backend.engines.local.torch_host import ipc_codec
from backend.engines.local.torch_host.process import EngineProcess, library_versions, missing_libraries
from backend.engines.ports.events import Alive, EngineStatus, Event
from backend.engines.ports.image import ImageRequest, ModelCard, check_request
from backend.engines.ports.workflow import Workflow
from backend.errors import EngineUnavailable, ProcessKilled
from backend.language import joined, tr_lazy, tr_lazy_plural
from backend.settings import Settings

HOST = "backend.engines.local.diffusers.child_host"
CANCEL_GRACE_S = 5.0


class DiffusersEngine:
    """Draws with local weights. Closing `run` stops at the next step; a host that does not answer in 5 s is killed."""

    name = "diffusers"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.keeps_s = settings.engines.local.idle_s
        self._lock = threading.Lock()
        self._hosts: dict[str, _DeviceHost] = {}

    def run(self, request: ImageRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        card, folder = model_cards.find_card(self._settings, request.model)
        request = check_request(card, request)
        host = self._host_for(request.device)
        for is_waiting in host.wait_turn():
            if is_waiting:
                yield Alive()
        try:
            child_request = {"card": ipc_codec.dump(card), "folder": str(folder), "request": ipc_codec.dump(request)}
            yield from host.draw(child_request)
            host.model = card.name
        finally:
            host.busy.release()

    def models(self) -> list[ModelCard]:
        return model_cards.list_cards(self._settings)[0]

    def missing_for(self, workflow: Workflow) -> list[str]:
        return [tr_lazy("Workflows run on ComfyUI. Set COMFYUI_URL to the address of yours.")]

    def status(self, device: str = "") -> EngineStatus:
        cards_, problems = model_cards.list_cards(self._settings)
        if missing := missing_libraries():
            detail = tr_lazy("Not installed: {names}. Run `make run` again, which installs them.", names=", ".join(missing))
            return EngineStatus(self.name, False, "", detail)
        hosts = [host for name, host in list(self._hosts.items()) if device in ("", name)]
        if any(host.is_warm() for host in hosts):
            state = tr_lazy_plural("{n} model, warm.", "{n} models, warm.", len(cards_))
        else:
            state = tr_lazy_plural(
                "{n} model, starts with the first picture.", "{n} models, starts with the first picture.", len(cards_)
            )
        detail = joined(state, *problems)
        device_names = ", ".join(filter(None, (host.device for host in hosts)))
        return EngineStatus(
            self.name, bool(cards_), library_versions(), detail, device_names or device or self._settings.engines.local.device
        )

    def loaded(self, device: str) -> str:
        host = self._hosts.get(device)
        return host.model if host and host.is_warm() else ""

    def unload(self, device: str = "") -> None:
        for name, host in list(self._hosts.items()):
            if device in ("", name):
                with host.busy:
                    host.end_process()

    def _host_for(self, device: str) -> _DeviceHost:
        """The host of a device; a request without a device uses ENGINE_DEVICE."""
        with self._lock:
            return self._hosts.setdefault(device, _DeviceHost(self._settings, device or self._settings.engines.local.device))


class _DeviceHost:
    """The host process of one device, which draws one request at a time. `device`: torch's name for it, once known.

    `model`: the model it drew with last.
    """

    def __init__(self, settings: Settings, device: str) -> None:
        self.busy = threading.Lock()
        self.device = self.model = ""
        self._settings, self._device_setting = settings, device
        self._process: EngineProcess | None = None
        self._count = 0

    def wait_turn(self) -> Iterator[bool]:
        """Takes the lock: yields True for every second of waiting, then False."""
        while not self.busy.acquire(timeout=1.0):
            yield True
        yield False

    def is_warm(self) -> bool:
        return self._process is not None and self._process.alive()

    def draw(self, request: dict[str, Any]) -> Generator[Event, None, None]:
        self._count += 1
        number, ended = self._count, False
        try:
            for message in self._ask(number, request):
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

    def _ask(self, number: int, request: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
        """The host's messages about one request. A host that ended or was killed before it accepted is restarted once."""
        for last_try in (False, True):
            process = self._ensure_process()
            accepted = False
            process.send({"id": number, **request})
            for message in process.messages():
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
            failure = process.failure()
            self._process = None
            if accepted or last_try or not (failure.data["exit_code"] == 0 or isinstance(failure, ProcessKilled)):
                raise failure

    def _ensure_process(self) -> EngineProcess:
        if self._process is None or not self._process.alive():
            self.end_process()
            if missing := missing_libraries():
                raise EngineUnavailable(
                    tr_lazy("Not installed: {missing}. Run `make run` again, which installs them.", missing=", ".join(missing))
                )
            child_settings = {
                "device": self._device_setting,
                "threads": self._settings.engines.local.threads,
                "idle_s": self._settings.engines.local.idle_s,
            }
            self._process = EngineProcess(HOST, child_settings, self._settings)
        return self._process

    def _cancel(self, number: int) -> None:
        """Asks the host to stop before its next step; ends the process if it does not within CANCEL_GRACE_S."""
        process = self._process
        if process is None or not process.send({"cancel": number}):
            return self.end_process()
        deadline = time.monotonic() + CANCEL_GRACE_S
        for message in process.messages():
            if message and message.get("id") == number and "done" in message:
                return None
            if time.monotonic() > deadline:
                break
        return self.end_process()

    def end_process(self) -> None:
        if self._process is not None:
            self._process.stop(grace_s=0.5)
            self._process = None

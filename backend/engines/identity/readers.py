"""The identity engines: the starter's trait classifier, an embedding model from a folder, and the one that is not there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from backend.engines import starter_model
from backend.engines.diffusion import wire
from backend.engines.diffusion.process import Process, missing_libraries
from backend.engines.events import Alive, EngineStatus, Event
from backend.engines.identity.port import IdentityRequest
from backend.errors import EngineUnavailable
from backend.settings import Settings

CHILD = "backend.engines.identity.child_read"
STARTER_BASE = "starter-128"
HOW = "Set IDENTITY_MODEL to the folder of a vision model (CLIP, DINOv2) in transformers format."
_SAMPLES, _SAMPLE_BYTES = 64, 4096


class NoReader:
    """Nothing here can tell people apart: scores stay empty, and say why."""

    name = "none"
    embedder = ""

    def __init__(self, why: str) -> None:
        self._why = why

    def run(self, request: IdentityRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        yield Alive()
        raise EngineUnavailable(self._why)

    def refuses(self, base: str) -> str:
        return self._why

    def status(self) -> EngineStatus:
        return EngineStatus("identity", False, "", self._why)

    def unload(self) -> None:
        return None


class _ChildReader:
    """Reads in one warm child at a time. Closing `run` ends the child."""

    name = ""
    embedder = ""
    libraries: tuple[str, ...] = ()

    def __init__(self, settings: Settings, folder: Path | None) -> None:
        self._settings, self._folder = settings, folder
        self._busy = threading.Lock()
        self._child: Process | None = None
        self._count = 0

    def run(self, request: IdentityRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        if why := self._missing():
            raise EngineUnavailable(why)
        while not self._busy.acquire(timeout=1.0):
            yield Alive()
        try:
            yield from self._read(request)
        finally:
            self._busy.release()

    def unload(self) -> None:
        with self._busy:
            self._end()

    def _read(self, request: IdentityRequest) -> Generator[Event, None, None]:
        self._count += 1
        number, ended = self._count, False
        try:
            for message in self._ask(number, wire.dump(request)):
                if message is None:
                    yield Alive()
                elif "error" in message:
                    ended = message["error"] == "rejected"  # the others may have ended the child
                    raise wire.unpack_error(message)
                else:
                    yield wire.unpack(message)
            ended = True
        finally:
            if not ended:
                self._end()

    def _ask(self, number: int, request: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
        """The child's answer. A child that had gone idle at that very moment is started once more."""
        for last_try in (False, True):
            child, answered = self._warm(), False
            child.say({"id": number, "request": request})
            for message in child.said():
                if message and message.get("id") == number:
                    return
                answered = answered or message is not None
                yield message
            failure = child.failure()
            self._child = None
            if answered or last_try or failure.data.get("exit_code") != 0:
                raise failure

    def _warm(self) -> Process:
        if self._child is None or not self._child.alive():
            self._end()
            order = {
                "embedder": self.embedder,
                "folder": str(self._folder or ""),
                "device": self._settings.identity_device,
                "threads": self._settings.engine_threads,
                "idle_s": self._settings.engine_idle_s,
            }
            self._child = Process(CHILD, order, self._settings, nice=5)
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.stop(grace_s=0.5)
            self._child = None

    def _missing(self) -> str:
        missing = missing_libraries(self.libraries)
        return f"Not installed: {', '.join(missing)}. Run `make run` again, which installs them." if missing else ""


class StarterTraits(_ChildReader):
    """The bundled classifier of the starter's cartoon portraits: hair, glasses, skin and so on. NumPy only."""

    name = "starter-traits"
    libraries = ("safetensors",)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, None)
        self.embedder = f"{self.name}:{fingerprint(starter_model.HERE / 'trait_weights')}"

    def refuses(self, base: str) -> str:
        if base == STARTER_BASE:
            return ""
        return f"The starter's classifier knows only its own cartoon portraits, not pictures of a {base} model. {HOW}"

    def status(self) -> EngineStatus:
        why = self._missing()
        return EngineStatus("identity", not why, self.embedder, why or "Reads traits of the starter's portraits.", "cpu")


class Embedding(_ChildReader):
    """Pictures of any kind as vectors of the model at IDENTITY_MODEL."""

    name = "embedding"
    libraries = ("torch", "transformers")

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__(settings, folder)
        self.embedder = f"{folder.name}:{fingerprint(folder)}"

    def refuses(self, base: str) -> str:
        return ""

    def status(self) -> EngineStatus:
        why = self._missing()
        detail = why or f"Embeds pictures with {self.embedder.partition(':')[0]}."
        return EngineStatus("identity", not why, self.embedder, detail, self._settings.identity_device)


def pick(settings: Settings) -> NoReader | StarterTraits | Embedding:
    """By IDENTITY_MODEL, else the starter's own classifier while the starter is the default model. Starts nothing."""
    folder = settings.identity_model
    if folder is None:
        if settings.default_model == "starter":
            return StarterTraits(settings)
        return NoReader(f"No identity scores: the model {settings.default_model!r} has no classifier of its own. {HOW}")
    folder = folder.expanduser().absolute()
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        return NoReader(f"IDENTITY_MODEL {folder.name} holds no model (config.json and .safetensors are needed). {HOW}")
    return Embedding(settings, folder)


def fingerprint(folder: Path) -> str:
    """Six bytes that change with any config or weights of the folder: samples of each file, so it is quick for gigabytes."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in {".json", ".safetensors"}):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}".encode())
        with path.open("rb") as file:
            for n in range(_SAMPLES):
                file.seek(max(0, size - _SAMPLE_BYTES) * n // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:12]

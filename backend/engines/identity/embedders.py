"""The identity engines: the starter's trait classifier, an embedding model from a folder, and the one that is not there."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from backend.engines import starter_model
from backend.engines.diffusion import ipc_codec
from backend.engines.diffusion.process import missing_libraries
from backend.engines.diffusion.warm import Warm
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
    libraries: tuple[str, ...] = ()

    def __init__(self, settings: Settings, folder: Path | None, embedder: str) -> None:
        self._settings, self.embedder = settings, embedder
        order = {
            "embedder": embedder,
            "folder": str(folder or ""),
            "device": settings.identity_device,
            "threads": settings.engine_threads,
            "idle_s": settings.engine_idle_s,
        }
        self._child = Warm(CHILD, order, settings)

    def run(self, request: IdentityRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        if why := self._missing():
            raise EngineUnavailable(why)
        with closing(self._child.run(ipc_codec.dump(request))) as said:
            for message in said:
                yield Alive() if message is None else ipc_codec.unpack(message)

    def unload(self) -> None:
        self._child.unload()

    def _missing(self) -> str:
        missing = missing_libraries(self.libraries)
        return f"Not installed: {', '.join(missing)}. Run `make run` again, which installs them." if missing else ""


class StarterTraits(_ChildReader):
    """The bundled classifier of the starter's cartoon portraits: hair, glasses, skin and so on. NumPy only."""

    name = "starter-traits"
    libraries = ("safetensors",)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, None, f"{self.name}:{fingerprint(starter_model.HERE / 'trait_weights')}")

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
        super().__init__(settings, folder, f"{folder.name}:{fingerprint(folder)}")

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

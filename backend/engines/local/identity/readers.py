"""The identity engines: the starter's trait classifier, an embedding model from a folder, and a null object."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from backend.engines.local import starter_model
from backend.engines.local.torch_host import ipc_codec
from backend.engines.local.torch_host.process import WarmChild, missing_libraries
from backend.engines.ports.events import Alive, EngineStatus, Event
from backend.engines.ports.identity import IdentityRequest
from backend.errors import EngineUnavailable
from backend.language import joined, tr_lazy
from backend.settings import Settings

CHILD = "backend.engines.local.identity.child_read"
STARTER_BASE = "starter-128"
SETUP_HINT = tr_lazy("Set IDENTITY_MODEL to the folder of a vision model (CLIP, DINOv2) in transformers format.")
_SAMPLES, _SAMPLE_BYTES = 64, 4096


class NoReader:
    """Stands in when no identity engine is configured: every call says why."""

    name = "none"
    embedder = ""

    def __init__(self, reason: str) -> None:
        self._why = reason

    def run(self, request: IdentityRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        yield Alive()
        raise EngineUnavailable(self._why)

    def unsupported_reason(self, base: str) -> str:
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
        child_settings = {
            "embedder": embedder,
            "folder": str(folder or ""),
            "device": settings.engines.identity.device,
            "threads": settings.engines.local.threads,
            "idle_s": settings.engines.local.idle_s,
        }
        self._child = WarmChild(CHILD, child_settings, settings)

    def run(self, request: IdentityRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        if problem := self._missing():
            raise EngineUnavailable(problem)
        with closing(self._child.run(ipc_codec.dump(request))) as messages:
            for message in messages:
                yield Alive() if message is None else ipc_codec.unpack(message)

    def unload(self) -> None:
        self._child.unload()

    def _missing(self) -> str:
        missing = missing_libraries(self.libraries)
        return (
            tr_lazy("Not installed: {names}. Run `make run` again, which installs them.", names=", ".join(missing))
            if missing
            else ""
        )


class StarterTraitReader(_ChildReader):
    """The bundled classifier of the starter's cartoon portraits: hair, glasses, skin and so on. NumPy only."""

    name = "starter-traits"
    libraries = ("safetensors",)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, None, f"{self.name}:{fingerprint(starter_model.HERE / 'trait_weights')}")

    def unsupported_reason(self, base: str) -> str:
        if base == STARTER_BASE:
            return ""
        return joined(
            tr_lazy(
                "The starter's classifier knows only its own cartoon portraits, not pictures of a {model} model.", model=base
            ),
            SETUP_HINT,
        )

    def status(self) -> EngineStatus:
        problem = self._missing()
        return EngineStatus(
            "identity", not problem, self.embedder, problem or tr_lazy("Reads traits of the starter's portraits."), "cpu"
        )


class EmbeddingReader(_ChildReader):
    """Pictures of any kind as vectors of the model at IDENTITY_MODEL."""

    name = "embedding"
    libraries = ("torch", "transformers")

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__(settings, folder, f"{folder.name}:{fingerprint(folder)}")

    def unsupported_reason(self, base: str) -> str:
        return ""

    def status(self) -> EngineStatus:
        problem = self._missing()
        detail = problem or tr_lazy("Compares pictures with {model}.", model=self.embedder.partition(":")[0])
        return EngineStatus("identity", not problem, self.embedder, detail, self._settings.engines.identity.device)


def build_identity_engine(settings: Settings) -> NoReader | StarterTraitReader | EmbeddingReader:
    """The engine of IDENTITY_MODEL, else the starter's classifier if the starter is the default model. Starts no process."""
    folder = settings.engines.identity.model
    if folder is None:
        if settings.engines.local.default_model == "starter":
            return StarterTraitReader(settings)
        return NoReader(
            joined(
                tr_lazy(
                    "No face match: the model {model} has no classifier of its own.",
                    model=repr(settings.engines.local.default_model),
                ),
                SETUP_HINT,
            )
        )
    folder = folder.expanduser().absolute()
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        return NoReader(
            joined(
                tr_lazy(
                    "IDENTITY_MODEL {folder} holds no model (config.json and .safetensors are needed).", folder=folder.name
                ),
                SETUP_HINT,
            )
        )
    return EmbeddingReader(settings, folder)


def fingerprint(folder: Path) -> str:
    """12 hex digits that change with the folder's config and weights. Hashes samples of each file: quick for gigabytes."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in {".json", ".safetensors"}):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}".encode())
        with path.open("rb") as file:
            for n in range(_SAMPLES):
                file.seek(max(0, size - _SAMPLE_BYTES) * n // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:12]

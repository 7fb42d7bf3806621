"""The identity port: pictures in, one identity reading per picture out. `rules` says what readings mean."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from backend.engines.ports.events import EngineStatus, Event


@dataclass(frozen=True, slots=True)
class IdentityRequest:
    """Picture files of any size. Outputs are `<n>.json` in `workdir`, one per picture in order: `Reading.load(path)`.

    `words`: the prompt of each picture ("": none), as many as pictures, or empty.
    """

    pictures: tuple[Path, ...]
    workdir: Path
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Who is on one picture, as one embedder sees it: either a unit `vector`, or `traits` (head -> value).

    `embedder` is its name and version. Readings of different embedders are never compared. `agreement`: how well the picture
    shows its prompt, 0..1 (CLIPScore, Hessel et al. 2021); None without a prompt, or if the embedder reads pictures only.
    """

    embedder: str
    vector: tuple[float, ...] = ()
    traits: dict[str, str] = field(default_factory=dict)
    agreement: float | None = None

    def save(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)), "utf-8")
        return path

    @staticmethod
    def load(path: Path) -> Reading:
        """Reads what `save` wrote."""
        return Reading.from_json(json.loads(path.read_text("utf-8")))

    @staticmethod
    def from_json(data: dict[str, Any]) -> Reading:
        """From JSON values."""
        return Reading(data["embedder"], tuple(data["vector"]), dict(data["traits"]), data.get("agreement"))


class IdentityEngine(Protocol):
    """Reads pictures. Yields Progress (unit: pictures) and Output per picture.

    Raises EngineUnavailable (also when there is none: its sentence says what to set), Rejected (not a picture).
    """

    name: str
    embedder: str
    """Name and version (`starter-traits:1f0c9a`, `dinov2-small:77ab01`); empty: no identity can be read here."""

    def run(self, request: IdentityRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]: ...

    def unsupported_reason(self, base: str) -> str:
        """Why it cannot judge pictures of model family `base` (`starter-128`, `sd15`), as a sentence; "" if it can."""
        ...

    def status(self) -> EngineStatus: ...

    def unload(self) -> None:
        """Frees its memory now."""
        ...

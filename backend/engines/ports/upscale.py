"""The upscale port: a picture in, a larger picture out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.engines.ports.events import EngineStatus, Event


@dataclass(frozen=True, slots=True)
class UpscaleCard:
    """One upscale method. `detail`: it draws new detail; otherwise the picture is only resampled.

    `scales`: its factors, smallest first. `note`: what to expect, as a sentence. `device`: the capability of the device it
    needs (`image`); "": none.
    """

    name: str
    title: str
    scales: tuple[int, ...]
    detail: bool
    note: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class UpscaleRequest:
    """Enlarges both sides of `picture` by `scale`. The output is one PNG in `workdir`. `device`: the held device, if any."""

    model: str
    picture: Path
    scale: int
    workdir: Path
    device: str = ""


class Upscaler(Protocol):
    """Yields Alive or Progress at least once a second, then one Output. Closing the generator stops the work."""

    name: str

    def run(self, request: UpscaleRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]: ...

    def models(self) -> list[UpscaleCard]:
        """All methods, the default first. Cheap."""
        ...

    def status(self, device: str = "") -> EngineStatus: ...

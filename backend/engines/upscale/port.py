"""The upscale port: a picture in, the same picture larger out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.engines.events import EngineStatus, Event


@dataclass(frozen=True, slots=True)
class UpscaleCard:
    """A way to make pictures larger. `detail`: it draws detail that was not there; without it a picture is resampled.

    `scales`: the factors it can do, smallest first. `note`: what to expect of it, as a sentence. `device`: the capability of
    the card it must hold (`image`), empty: none.
    """

    name: str
    title: str
    scales: tuple[int, ...]
    detail: bool
    note: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class UpscaleRequest:
    """Both sides of `picture` times `scale`. The output is one PNG in `workdir`. `device`: the card held, if any."""

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
        """The default one first. Cheap."""
        ...

    def status(self, device: str = "") -> EngineStatus: ...

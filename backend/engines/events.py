"""What an engine says while it works: frozen values, at least one a second, in order of happening.

A port's one verb is `run(request, handle=None)`, a generator of these. Closing the generator cancels the work and
frees the device before `close()` returns. An error ends the generator (`backend.errors.EngineError`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Alive:
    """Nothing to tell, still working."""


@dataclass(frozen=True, slots=True)
class Handle:
    """What is needed to find this work again after a crash (a remote prompt id). Saved before work is submitted."""

    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeviceReleased:
    """All of this work is submitted and the last of it runs: the engine queues what comes next, its device may be given on."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units in `phase`; total 0 means not countable. ETA is reset when the phase changes."""

    done: int
    total: int
    phase: str = "working"


@dataclass(frozen=True, slots=True)
class Preview:
    """A rough picture of what is being made. `jpeg`: encoded bytes, at most 256 px a side."""

    jpeg: bytes
    n: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """Result file number `n` (0-based), complete on disk, owned by the caller from now on.

    `picture`: the same decoded (RGB), where the engine had to decode it anyway: nobody need do it twice.
    """

    path: Path
    n: int
    meta: dict[str, Any] = field(default_factory=dict)
    picture: Image | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Metric:
    """One training step's figures. `loss`: mean squared error of the step (raw, not averaged)."""

    step: int
    loss: float
    lr: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture drawn with the LoRA as it stands at `step`; `n` is the sample prompt's number."""

    step: int
    n: int
    prompt: str
    path: Path


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The LoRA at `step`. `state_path`: optimizer and random state to resume from, None if it cannot be resumed."""

    step: int
    path: Path
    state_path: Path | None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """A line for the job's log."""

    line: str


Event = Alive | Handle | DeviceReleased | Progress | Preview | Output | Metric | Sample | Checkpoint | Log


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """One engine as the system page shows it. `ok` False: `detail` is a sentence that says what to do."""

    name: str
    ok: bool
    version: str
    detail: str
    device: str = ""

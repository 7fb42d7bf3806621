"""Events that an engine yields while it works: frozen values, at least one a second, in order.

An engine's `run(request, handle=None)` is a generator of these. Closing the generator cancels the work and
frees the device before `close()` returns. An error ends the generator (`backend.errors.EngineError`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.language import tr_lazy

if TYPE_CHECKING:
    from PIL.Image import Image


from collections.abc import Callable, Generator, Iterator


@dataclass(frozen=True, slots=True)
class Alive:
    """Still working, without news."""


@dataclass(frozen=True, slots=True)
class Handle:
    """What is needed to find submitted work again after a crash (a remote prompt id). Saved before the work is submitted."""

    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeviceReleased:
    """All work is submitted and the last of it runs. The engine has a queue of its own, so the next job may have the device."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units in `phase`; total 0 means not countable. ETA is reset when the phase changes."""

    done: int
    total: int
    phase: str = tr_lazy("working")


@dataclass(frozen=True, slots=True)
class Preview:
    """A rough picture of what is being made. `jpeg`: encoded bytes, at most 256 px a side."""

    jpeg: bytes
    n: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """Result file number `n` (0-based), complete on disk, owned by the caller from now on.

    `picture`: the decoded file (RGB), if the engine had to decode it anyway; saves decoding it twice.
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
    """The state of one engine, for the system page. If `ok` is False, `detail` says what to do."""

    name: str
    ok: bool
    version: str
    detail: str
    device: str = ""


def forward_events(
    events: Generator[Event, None, None], transform: Callable[[Event], Iterator[Event]]
) -> Generator[Event, None, None]:
    """Yields what `transform` makes of every event.

    Exceptions are thrown into `events`, because an engine decides by them whether to cancel its work (a closed generator) or to
    leave it to the next attempt (LeaseLost, ShuttingDown).
    """
    try:
        for event in events:
            yield from transform(event)
    except GeneratorExit:
        events.close()
        raise
    except BaseException as error:
        events.throw(error)
        raise

"""The caption port: pictures in, what can be said of each out. What becomes of the words (trigger word, limits) is decided
by whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol

from backend.engines.events import Alive, EngineStatus, Progress
from backend.engines.text.port import Reply, TextRequest

Form = Literal["sentence", "tags"]
CaptionerName = Literal["vision", "blip", "template"]
LONGEST_SIDE = 768
"""px of what is shown to a model: more costs more and tells little."""
Ask = Callable[[TextRequest], Reply]
"""The one way to put a paid question: the asker's budget stands behind it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was measured: `framing` face, bust, body or unknown; px of what is trained on; `brightness` 0-255 or None;
    `colours`: 4 x 4 pixels of RGB in hex, or ""."""

    framing: str = "unknown"
    width: int = 0
    height: int = 0
    brightness: float | None = None
    colours: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """`path`: a JPEG of at most LONGEST_SIDE, cut to what is trained on; None where the captioner needs no pixels."""

    known: Known = field(default_factory=Known)
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class CaptionRequest:
    """`avoid`: what must not be named, for it never changes. `look` counts up where the same question is to be asked anew."""

    pictures: tuple[Shown, ...]
    form: Form = "sentence"
    avoid: tuple[str, ...] = ()
    look: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """Of picture `n`: `text` in English in the form asked for; `unsure`: by the model's own word; `refused`: why there is none.

    `model`: who said it. `cost_usd`: what it cost.
    """

    n: int
    text: str = ""
    unsure: bool = False
    refused: str = ""
    model: str = ""
    cost_usd: Decimal = Decimal(0)


class Captioner(Protocol):
    """`batch`: pictures a request; `at_once`: requests side by side. `needs_pixels` False: `Known` is all it reads.

    Closing `run` stops it. Raises what `ask` raises, EngineUnavailable, Unsupported, OutOfMemory.
    """

    name: CaptionerName
    forms: tuple[Form, ...]
    paid: bool
    needs_pixels: bool
    batch: int
    at_once: int

    def run(self, request: CaptionRequest, ask: Ask) -> Generator[Alive | Progress | Said, None, None]: ...

    def question(self, request: CaptionRequest) -> TextRequest | None:
        """What would be asked of the first picture, to know what it costs at most; None: nothing is paid."""
        ...

    def status(self) -> EngineStatus: ...

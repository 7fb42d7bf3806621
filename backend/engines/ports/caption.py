"""The caption port: pictures in, a description of each out. The caller adds the trigger word and applies limits."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol

from backend.engines.ports.events import Alive, EngineStatus, Progress
from backend.engines.ports.text import Reply, TextRequest

CaptionForm = Literal["sentence", "tags"]
CaptionerName = Literal["vision", "blip", "template"]
MAX_SIDE = 768
"""px of the pictures sent to a model: larger ones cost more and add little."""
AskModel = Callable[[TextRequest], Reply]
"""Sends a paid request. The caller supplies it, so that every call is charged to a budget."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Measured facts: `framing` is face, bust, body or unknown; `width` and `height` in px of the cropped picture;
    `brightness` 0-255 or None; `colours`: 4 x 4 pixels of RGB in hex, or ""."""

    framing: str = "unknown"
    width: int = 0
    height: int = 0
    brightness: float | None = None
    colours: str = ""


@dataclass(frozen=True, slots=True)
class CaptionInput:
    """`path`: a JPEG of at most MAX_SIDE px, cropped as for training; None where the captioner needs no pixels."""

    facts: PictureFacts = field(default_factory=PictureFacts)
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class CaptionRequest:
    """`avoid`: what must not be named because it never changes. `look`: 1 and up to ask the same question again, uncached."""

    pictures: tuple[CaptionInput, ...]
    form: CaptionForm = "sentence"
    avoid: tuple[str, ...] = ()
    look: int = 0


@dataclass(frozen=True, slots=True)
class PictureCaption:
    """The caption of picture `n`: `text` in English in the requested form; `unsure`: the model said so; `refused`: why none.

    `model`: the model that answered. `cost_usd`: what it cost.
    """

    n: int
    text: str = ""
    unsure: bool = False
    refused: str = ""
    model: str = ""
    cost_usd: Decimal = Decimal(0)


class Captioner(Protocol):
    """`batch`: pictures per request; `at_once`: parallel requests. `needs_pixels` False: it reads only PictureFacts.

    Closing `run` stops it. Raises what `ask` raises, EngineUnavailable, Unsupported, OutOfMemory.
    """

    name: CaptionerName
    forms: tuple[CaptionForm, ...]
    paid: bool
    needs_pixels: bool
    batch: int
    at_once: int

    def run(self, request: CaptionRequest, ask: AskModel) -> Generator[Alive | Progress | PictureCaption, None, None]: ...

    def question(self, request: CaptionRequest) -> TextRequest | None:
        """The request for the first picture, to estimate the cost; None: nothing is paid."""
        ...

    def status(self) -> EngineStatus: ...

"""Reads the output of sd-scripts from two growing files and parses its lines (docs/contracts/kohya.md, 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_STEPS = re.compile(
    r"steps:\s+\d+%\|[^|]*\|\s*(\d+)/(\d+) \[[\d:]+<[\d:?]+,\s*(?:[\d.]+|\?)\s*(?:s/it|it/s)"
    r"(?:, .*?avr_loss=(nan|inf|[\d.e+-]+))?"
)
_BAR = re.compile(r"\d+%\|[^|]*\|\s*(\d+)/(\d+) \[")
_MAX_BYTES = 1 << 20
_TAIL = 16_384


@dataclass(frozen=True, slots=True)
class StepLine:
    """The progress bar `steps:`.

    `finite` False: the average loss is NaN or infinite. (A finite one is rounded and not used.)
    """

    done: int
    total: int
    finite: bool


@dataclass(frozen=True, slots=True)
class BarLine:
    """Any other progress bar: pictures while caching, denoising while sampling."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """`caching`, `sampling`, `saving`."""

    name: str


ConsoleEvent = StepLine | BarLine | PhaseLine

_PHASES = (
    ("caching latents", "caching"),
    ("caching Text Encoder outputs", "caching"),
    ("generating sample images", "sampling"),
    ("saving checkpoint:", "saving"),
)
NO_DATA = "No data found."


def parse_line(line: str) -> ConsoleEvent | None:
    """The event in a line; None when there is none."""
    # Other text can stand on the same line, and several states of a bar: the last one counts.
    if steps := list(_STEPS.finditer(line)):
        done, total, loss = steps[-1].groups()
        return StepLine(int(done), int(total), loss not in {"nan", "inf"})
    if bars := list(_BAR.finditer(line)):
        return BarLine(int(bars[-1][1]), int(bars[-1][2]))
    return next((PhaseLine(name) for text, name in _PHASES if text in line), None)


class Tail:
    """Reads a file that another process appends to. Lines end with a line feed or, for bars, a carriage return."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._rest = path, 0, b""

    def lines(self) -> list[str]:
        """Complete lines since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                content = file.read(_MAX_BYTES)
        except FileNotFoundError:
            return []
        self._at += len(content)
        *lines, self._rest = re.split(rb"[\r\n]", self._rest + content)
        self._rest = self._rest[-_MAX_BYTES:]
        return [text for line in lines if (text := line.decode(errors="replace")).strip()]

    def last(self) -> str:
        """The end of the file, including an incomplete last line."""
        try:
            with self._path.open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - _TAIL))
                return file.read().decode(errors="replace").replace("\r", "\n")
        except FileNotFoundError:
            return ""

"""What sd-scripts print: two files that grow, cut into lines, and what the lines mean (docs/contracts/kohya.md, 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_STEPS = re.compile(
    r"steps:\s+\d+%\|[^|]*\|\s*(\d+)/(\d+) \[[\d:]+<[\d:?]+,\s*(?:[\d.]+|\?)\s*(?:s/it|it/s)"
    r"(?:, .*?avr_loss=(nan|inf|[\d.e+-]+))?"
)
_BAR = re.compile(r"\d+%\|[^|]*\|\s*(\d+)/(\d+) \[")
_LONGEST = 1 << 20
_TAIL = 16_384


@dataclass(frozen=True, slots=True)
class Step:
    """Of the bar `steps:`. `finite` False: the average loss is no longer a number. A finite average is rounded: not told."""

    done: int
    total: int
    finite: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Any other progress bar: pictures while caching, denoising while sampling."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Phase:
    """`caching`, `sampling`, `saving`."""

    name: str


Said = Step | Bar | Phase

_PHASES = (
    ("caching latents", "caching"),
    ("caching Text Encoder outputs", "caching"),
    ("generating sample images", "sampling"),
    ("saving checkpoint:", "saving"),
)
NO_DATA = "No data found."


def meaning(line: str) -> Said | None:
    """None: nothing to tell of."""
    # Other text can stand on the same line, and several states of a bar: the last one counts.
    if found := list(_STEPS.finditer(line)):
        done, total, loss = found[-1].groups()
        return Step(int(done), int(total), loss not in {"nan", "inf"})
    if bars := list(_BAR.finditer(line)):
        return Bar(int(bars[-1][1]), int(bars[-1][2]))
    return next((Phase(name) for words, name in _PHASES if words in line), None)


class Tail:
    """Reads a file that somebody else appends to. Lines end with a line feed or, for bars, with a carriage return."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._rest = path, 0, b""

    def lines(self) -> list[str]:
        """Whole lines since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                new = file.read(_LONGEST)
        except FileNotFoundError:
            return []
        self._at += len(new)
        *lines, self._rest = re.split(rb"[\r\n]", self._rest + new)
        self._rest = self._rest[-_LONGEST:]
        return [text for line in lines if (text := line.decode(errors="replace")).strip()]

    def last(self) -> str:
        """The end of the file, also of a line that is not whole."""
        try:
            with self._path.open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - _TAIL))
                return file.read().decode(errors="replace").replace("\r", "\n")
        except FileNotFoundError:
            return ""

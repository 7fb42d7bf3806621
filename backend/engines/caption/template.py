"""Captions without a model: only what was measured of a picture is said, never what may be on it. Free, and labelled."""

from __future__ import annotations

import colorsys
from collections.abc import Generator
from statistics import fmean, pstdev

from backend.engines.caption.port import Ask, CaptionerName, CaptionRequest, Form, Known, Said
from backend.engines.events import Alive, EngineStatus, Progress
from backend.engines.text.port import TextRequest

MODEL = "template"
SHOTS = {"face": "close-up portrait", "bust": "half-length portrait", "body": "full-length picture"}
_DARK, _BRIGHT = 70.0, 185.0
"""Of 255, the mean of the grey picture."""
_EVEN = 18.0
"""Standard deviation of the upper border's cells up to which it is called one background."""
_HUES = (
    (15, "red"),
    (45, "orange"),
    (70, "yellow"),
    (165, "green"),
    (255, "blue"),
    (290, "purple"),
    (335, "pink"),
    (361, "red"),
)


class TemplateCaptioner:
    """Says framing, format, light and an even background, where they are known."""

    name: CaptionerName = "template"
    forms: tuple[Form, ...] = ("sentence", "tags")
    paid = False
    needs_pixels = False
    batch = 32
    at_once = 1

    def run(self, request: CaptionRequest, ask: Ask) -> Generator[Alive | Progress | Said, None, None]:
        for n, shown in enumerate(request.pictures):
            yield Said(n, ", ".join(facts(shown.known)), model=MODEL)

    def question(self, request: CaptionRequest) -> TextRequest | None:
        return None

    def status(self) -> EngineStatus:
        detail = "Without a model: framing, format, light and an even background, as they were measured."
        return EngineStatus("captions", True, MODEL, detail)


def facts(known: Known) -> list[str]:
    """What can be said without looking; at least one thing."""
    told = [SHOTS.get(known.framing, "picture of one person")]
    if known.width and known.height:
        ratio = known.width / known.height
        told += ["wide format"] if ratio > 1.25 else ["tall format"] if ratio < 0.8 and known.framing != "body" else []
    if background := background_of(known.colours):
        told.append(background)
    if known.brightness is not None:
        told += ["dim light"] if known.brightness < _DARK else ["bright light"] if known.brightness > _BRIGHT else []
    return told


def background_of(colours: str) -> str:
    """“light grey background”, where the upper border of 4 x 4 pixels is of one colour; else ""."""
    cells = _cells(colours)
    if len(cells) != 16:
        return ""
    border = [cells[n] for n in (0, 1, 2, 3, 4, 7)]
    if any(pstdev(channel) > _EVEN for channel in zip(*border, strict=True)):
        return ""
    red, green, blue = (fmean(channel) / 255 for channel in zip(*border, strict=True))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    vivid = saturation * (1 - abs(2 * lightness - 1))
    if vivid < 0.12:
        name = "white" if lightness > 0.92 else "black" if lightness < 0.08 else "grey"
    else:
        name = next(name for end, name in _HUES if hue * 360 < end)
    shade = "" if name in ("white", "black") else "light " if lightness > 0.65 else "dark " if lightness < 0.3 else ""
    return f"{shade}{name} background"


def _cells(colours: str) -> list[tuple[int, int, int]]:
    try:
        data = bytes.fromhex(colours)
    except ValueError:
        return []
    return [(data[n], data[n + 1], data[n + 2]) for n in range(0, len(data) - len(data) % 3, 3)]

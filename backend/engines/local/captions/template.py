"""Captions without a model: only measured facts, never guesses at the content. Free, and labelled as such."""

from __future__ import annotations

import colorsys
from collections.abc import Generator
from statistics import fmean, pstdev

from backend.engines.ports.caption import AskModel, CaptionerName, CaptionForm, CaptionRequest, PictureCaption, PictureFacts
from backend.engines.ports.events import Alive, EngineStatus, Progress
from backend.engines.ports.text import TextRequest
from backend.language import tr_lazy

MODEL = "template"
FRAMINGS = {"face": "close-up portrait", "bust": "half-length portrait", "body": "full-length picture"}
_DARK_BELOW, _BRIGHT_ABOVE = 70.0, 185.0
"""Mean of the grey picture, 0-255."""
_MAX_DEVIATION = 18.0
"""Largest standard deviation of the upper border's cells at which the background counts as even."""
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
    """Names framing, format, light and an even background, as far as they were measured."""

    name: CaptionerName = "template"
    forms: tuple[CaptionForm, ...] = ("sentence", "tags")
    paid = False
    needs_pixels = False
    batch = 32
    at_once = 1

    def run(self, request: CaptionRequest, ask: AskModel) -> Generator[Alive | Progress | PictureCaption, None, None]:
        for n, picture in enumerate(request.pictures):
            yield PictureCaption(n, ", ".join(describe_facts(picture.facts)), model=MODEL)

    def question(self, request: CaptionRequest) -> TextRequest | None:
        return None

    def status(self) -> EngineStatus:
        detail = tr_lazy("Without a model: framing, format, light and an even background.")
        return EngineStatus("captions", True, "", detail)


def describe_facts(measured: PictureFacts) -> list[str]:
    """Phrases for the measured facts; at least one."""
    phrases = [FRAMINGS.get(measured.framing, "picture of one person")]
    if measured.width and measured.height:
        ratio = measured.width / measured.height
        phrases += ["wide format"] if ratio > 1.25 else ["tall format"] if ratio < 0.8 and measured.framing != "body" else []
    if background := background_phrase(measured.colours):
        phrases.append(background)
    if measured.brightness is not None:
        phrases += (
            ["dim light"]
            if measured.brightness < _DARK_BELOW
            else ["bright light"]
            if measured.brightness > _BRIGHT_ABOVE
            else []
        )
    return phrases


def background_phrase(colours: str) -> str:
    """“light grey background” if the upper border of the 4 x 4 pixels has one colour; else ""."""
    cells = _cells(colours)
    if len(cells) != 16:
        return ""
    border = [cells[n] for n in (0, 1, 2, 3, 4, 7)]
    if any(pstdev(channel) > _MAX_DEVIATION for channel in zip(*border, strict=True)):
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

"""Moves a camera over a still, with ffmpeg: works on any machine, adds nothing to the picture.

The view is drawn by ffmpeg's `perspective` filter, frame by frame and between pixels: `zoompan` rounds its window to whole
pixels, which shakes (docs/contracts/ffmpeg.md, 2).
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import ffmpeg

from backend.engines.events import EngineStatus, Event, Output, Progress
from backend.engines.image import input_pictures
from backend.engines.motion import moves
from backend.engines.motion.port import MotionCard, MotionRequest
from backend.engines.motion.resize import film_size
from backend.errors import EngineUnavailable, Unsupported
from backend.media import ffmpeg as tool
from backend.media.ffmpeg.films import SCALED
from backend.settings import Settings

SIDE, FRAMES, FPS, MOST_FRAMES = 1920, 150, 30, 1800
_OVER = 1.25
"""How much larger than the film the picture is kept while the view moves: more costs time and shows nothing."""


class Camera:
    """A card for each move. `movement`: how far it goes. Words, LoRAs, steps and seeds mean nothing here."""

    name = "camera"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, request: MotionRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        card = _card(request.model)
        frames, fps = request.frames or card.frames, request.fps or card.fps
        _check(card, request)
        yield Progress(0, 0, "opening the picture")
        still, out = request.workdir / "still.png", request.workdir / "film.mp4"
        size = yield from input_pictures.opened(request.picture, still)
        width, height = film_size(*size, request.width, request.height, longest=SIDE)
        graph = _graph(card, request, still, out, size, (width, height), frames, fps, self._settings)
        for done in tool.render(graph, out, self._settings):
            yield Progress(min(done, frames), frames, "filming")
        still.unlink()
        yield Output(out, 0, {"width": width, "height": height, "frames": frames, "fps": fps})

    def models(self) -> list[MotionCard]:
        return list(CARDS)

    def status(self, device: str = "") -> EngineStatus:
        try:
            path = tool.program(self._settings)
            version = tool.version(path)
        except EngineUnavailable as error:
            return EngineStatus(self.name, False, "", error.message)
        return EngineStatus(self.name, True, f"ffmpeg {version}", f"Camera moves over pictures: {len(CARDS)}.")

    def close(self) -> None:
        return None


CARDS = tuple(
    MotionCard(
        name=move.name, title=move.title, prompts=False, base="", side=SIDE, frames=FRAMES, fps=FPS, most_frames=MOST_FRAMES,
        note=move.note, loops=move.loops,
    )
    for move in moves.MOVES
)  # fmt: skip


def _card(name: str) -> MotionCard:
    if found := next((card for card in CARDS if name in ("", card.name)), None):
        return found
    raise Unsupported(f"There is no camera move {name!r}. There are: {', '.join(card.name for card in CARDS)}.")


def _check(card: MotionCard, request: MotionRequest) -> None:
    if not 0 <= request.frames <= card.most_frames or request.frames == 1:
        raise Unsupported(f"A film has 2 to {card.most_frames} frames. Choose fewer seconds.")
    if not 0 <= request.fps <= 60 or not 0 <= request.movement <= 1 or not 0 <= request.focus <= 1:
        raise Unsupported("Frames a second must be 1 to 60; movement and what is kept between 0 and 1.")
    if request.loras:
        raise Unsupported("A camera move takes no LoRA. Draw the picture with it, then move the camera over that.")


def _graph(
    card: MotionCard, request: MotionRequest, still: Path, out: Path, picture: tuple[int, int], film: tuple[int, int],
    frames: int, fps: int, settings: Settings,
) -> Any:  # fmt: skip
    """Cropped to what is ever seen, enlarged or made smaller once, repeated, looked at through the moving view, fitted."""
    seconds = frames / fps
    found = moves.path(
        card.name, picture=picture, shape=film[0] / film[1], focus=request.focus, movement=request.movement, seconds=seconds
    )
    x, y, wide, high = found.region
    scale = min(film[0] / found.narrowest, _OVER * film[0] / found.widest)
    canvas = max(2, round(wide * scale / 2) * 2), max(2, round(high * scale / 2) * 2)
    stream = ffmpeg.input(str(still), framerate=fps).video
    stream = stream.filter("crop", wide, high, x, y, exact=1).filter("scale", *canvas, **SCALED).filter("format", "yuv420p")
    stream = stream.filter("loop", loop=frames - 1, size=1, start=0)
    corners = view(found, film[0] / film[1], canvas, frames=frames, loops=card.loops)
    stream = stream.filter("perspective", **corners, interpolation="cubic", sense="source", eval="frame")
    stream = stream.filter("scale", *film, flags="area+accurate_rnd").filter("setsar", 1)
    return tool.encoded(stream, out, fps=fps, frames=frames, threads=settings.engine_threads)


def view(found: moves.Path, shape: float, canvas: tuple[int, int], *, frames: int, loops: bool) -> dict[str, str]:
    """The four corners of the view on a canvas that shows the path's region: formulas of the frame's number `on`, from 1."""
    last = frames if loops else max(1, frames - 1)
    left, top, wide, high = found.region
    across, down = canvas[0] / wide, canvas[1] / high
    corners = {}
    for n, (right, below) in enumerate(((-1, -1), (1, -1), (-1, 1), (1, 1))):
        half = f"({found.width})/2"
        dx, dy = f"({right}*{half})", f"({below}*{half}/{shape:.9f})"
        turned_x = f"({dx}*cos({found.turn})-{dy}*sin({found.turn}))" if found.turn != "0" else dx
        turned_y = f"({dx}*sin({found.turn})+{dy}*cos({found.turn}))" if found.turn != "0" else dy
        for axis, middle, turned, begin, factor in (
            ("x", found.x, turned_x, left, across),
            ("y", found.y, turned_y, top, down),
        ):
            formula = f"({middle}+{turned}-{begin})*{factor:.9f}"
            corners[f"{axis}{n}"] = formula.replace("PI", "3.141592653589793").replace("P", f"((on-1)/{last})")
    return corners

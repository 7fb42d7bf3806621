"""Camera moves over a still picture, rendered by ffmpeg: works on any machine.

Uses ffmpeg's `perspective` filter, which interpolates between pixels: `zoompan` rounds its window to whole pixels, which
makes the video shake (docs/contracts/ffmpeg.md, 2).
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
from backend.engines.motion.resize import video_size
from backend.errors import EngineUnavailable, Unsupported
from backend.media import ffmpeg as tool
from backend.media.ffmpeg.films import SCALE_OPTIONS
from backend.settings import Settings

SIDE, FRAMES, FPS, MAX_FRAMES = 1920, 150, 30, 1800
_OVERSCAN = 1.25
"""Size of the canvas relative to the video: a larger one costs time without a visible gain."""


class CameraEngine:
    """One card per move. `movement`: how far it goes. Prompts, LoRAs, steps and seeds have no effect."""

    name = "camera"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, request: MotionRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        card = _card(request.model)
        frames, fps = request.frames or card.frames, request.fps or card.fps
        _check(card, request)
        yield Progress(0, 0, "opening the picture")
        still, out = request.workdir / "still.png", request.workdir / "film.mp4"
        size = yield from input_pictures.convert_to_png(request.picture, still)
        width, height = video_size(*size, request.width, request.height, longest=SIDE)
        graph = _graph(card, request, still, out, size, (width, height), frames, fps, self._settings)
        for done in tool.render(graph, out, self._settings):
            yield Progress(min(done, frames), frames, "filming")
        still.unlink()
        yield Output(out, 0, {"width": width, "height": height, "frames": frames, "fps": fps})

    def models(self) -> list[MotionCard]:
        return list(CARDS)

    def status(self, device: str = "") -> EngineStatus:
        try:
            path = tool.binary_path(self._settings)
            version = tool.version(path)
        except EngineUnavailable as error:
            return EngineStatus(self.name, False, "", error.message)
        return EngineStatus(self.name, True, f"ffmpeg {version}", f"Camera moves over pictures: {len(CARDS)}.")

    def close(self) -> None:
        return None


CARDS = tuple(
    MotionCard(
        name=move.name,
        title=move.title,
        prompts=False,
        base="",
        side=SIDE,
        frames=FRAMES,
        fps=FPS,
        most_frames=MAX_FRAMES,
        note=move.note,
        loops=move.loops,
    )
    for move in moves.MOVES
)


def _card(name: str) -> MotionCard:
    if card := next((card for card in CARDS if name in ("", card.name)), None):
        return card
    raise Unsupported(f"There is no camera move {name!r}. There are: {', '.join(card.name for card in CARDS)}.")


def _check(card: MotionCard, request: MotionRequest) -> None:
    if not 0 <= request.frames <= card.most_frames or request.frames == 1:
        raise Unsupported(f"A film has 2 to {card.most_frames} frames. Choose fewer seconds.")
    if not 0 <= request.fps <= 60 or not 0 <= request.movement <= 1 or not 0 <= request.focus <= 1:
        raise Unsupported("Frames a second must be 1 to 60; movement and what is kept between 0 and 1.")
    if request.loras:
        raise Unsupported("A camera move takes no LoRA. Draw the picture with it, then move the camera over that.")


def _graph(
    card: MotionCard,
    request: MotionRequest,
    still: Path,
    out: Path,
    picture: tuple[int, int],
    film: tuple[int, int],
    frames: int,
    fps: int,
    settings: Settings,
) -> Any:
    """The ffmpeg graph: crop to the visible region, scale once, loop the frame, apply the moving view, scale to size."""
    seconds = frames / fps
    path = moves.view_path(
        card.name, picture=picture, shape=film[0] / film[1], focus=request.focus, movement=request.movement, seconds=seconds
    )
    x, y, width, height = path.region
    scale = min(film[0] / path.narrowest, _OVERSCAN * film[0] / path.widest)
    canvas = max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
    stream = ffmpeg.input(str(still), framerate=fps).video
    stream = (
        stream.filter("crop", width, height, x, y, exact=1)
        .filter("scale", *canvas, **SCALE_OPTIONS)
        .filter("format", "yuv420p")
    )
    stream = stream.filter("loop", loop=frames - 1, size=1, start=0)
    corners = corner_formulas(path, film[0] / film[1], canvas, frames=frames, loops=card.loops)
    stream = stream.filter("perspective", **corners, interpolation="cubic", sense="source", eval="frame")
    stream = stream.filter("scale", *film, flags="area+accurate_rnd").filter("setsar", 1)
    return tool.h264_output(stream, out, fps=fps, frames=frames, threads=settings.engines.local.threads)


def corner_formulas(path: moves.ViewPath, shape: float, canvas: tuple[int, int], *, frames: int, loops: bool) -> dict[str, str]:
    """ffmpeg formulas (x0..y3) of the view's corners on the canvas, in terms of the frame number `on`, from 1."""
    last = frames if loops else max(1, frames - 1)
    left, top, width, height = path.region
    scale_x, scale_y = canvas[0] / width, canvas[1] / height
    corners = {}
    for n, (sign_x, sign_y) in enumerate(((-1, -1), (1, -1), (-1, 1), (1, 1))):
        half = f"({path.width})/2"
        dx, dy = f"({sign_x}*{half})", f"({sign_y}*{half}/{shape:.9f})"
        rotated_x = f"({dx}*cos({path.turn})-{dy}*sin({path.turn}))" if path.turn != "0" else dx
        rotated_y = f"({dx}*sin({path.turn})+{dy}*cos({path.turn}))" if path.turn != "0" else dy
        for axis, center, rotated, origin, factor in (
            ("x", path.x, rotated_x, left, scale_x),
            ("y", path.y, rotated_y, top, scale_y),
        ):
            formula = f"({center}+{rotated}-{origin})*{factor:.9f}"
            corners[f"{axis}{n}"] = formula.replace("PI", "3.141592653589793").replace("P", f"((on-1)/{last})")
    return corners

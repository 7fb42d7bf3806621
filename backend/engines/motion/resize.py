"""Around a model that draws in sizes of its own: the picture cut to the film's shape before, the film made to size after."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import wait
from pathlib import Path

from PIL import Image

from backend.engines.events import Alive, Event, Output, Progress
from backend.engines.motion.port import MotionRequest
from backend.errors import Invalid, Rejected
from backend.media import ffmpeg as tool
from backend.media.images.picture_cut import Cut, Cutter
from backend.settings import Settings


def window(width: int, height: int, shape: float, focus: float) -> tuple[int, int, int, int]:
    """x, y, width, height of the largest part of this shape (width / height), px; `focus` 0..1 says where it lies."""
    wide = max(1, min(width, round(height * shape)))
    high = max(1, min(height, round(width / shape)))
    return round((width - wide) * focus), round((height - high) * focus), wide, high


def cropped(picture: Path, request: MotionRequest) -> Generator[Event, None, tuple[int, int]]:
    """Cuts the file in place to the shape of `request` (in a child); returns its size in px. Raises Rejected."""
    with Image.open(picture) as opened:  # the header of a PNG that a child of ours has just written
        size = opened.size
    if not (request.width and request.height):
        return size
    part = window(*size, request.width / request.height, request.focus)
    if part[2:] == size:
        return size
    with Cutter(processes=1) as cutter:
        cutting = cutter.submit(Cut(str(picture), str(picture.with_name("cut.png")), part, ""))
        while not cutting.done():
            yield Alive()
            wait([cutting], timeout=0.5)
    try:
        cutting.result().replace(picture)
    except Invalid as error:
        raise Rejected("This picture cannot be read. Choose another picture.", detail=error.message) from error
    return part[2:]


def fitted(made: Event, request: MotionRequest, out: Path, settings: Settings) -> Iterator[Event]:
    """A film as the port wants it, at `out`: encoded anew only where its size or its kind is another. Other events pass."""
    if not isinstance(made, Output):
        yield made
        return
    film = yield from _looked_at(made.path)
    width, height = film_size(film.width, film.height, request.width, request.height)
    if (film.width, film.height, film.codec, film.pixels, film.sound) == (width, height, "h264", "yuv420p", False):
        made.path.replace(out)
    else:
        fps = max(1, round(film.fps or request.fps or 8))
        for done in tool.refit(
            made.path, out, width=width, height=height, fps=fps, frames=film.frames or request.frames, settings=settings
        ):
            yield Progress(done, film.frames, "fitting the film")
        if made.path != out:
            made.path.unlink(missing_ok=True)
    yield Output(out, made.n, {"width": width, "height": height, "frames": film.frames, "fps": round(film.fps)})


def _looked_at(path: Path) -> Generator[Event, None, tool.Film]:
    looking = tool.probe(path)
    while True:
        try:
            next(looking)
        except StopIteration as done:
            film: tool.Film = done.value
            return film
        yield Alive()


def film_size(width: int, height: int, wide: int = 0, high: int = 0, longest: int = 0) -> tuple[int, int]:
    """Even sides: as asked for, or as the picture is, at most `longest` px long (0: any)."""
    if not (wide and high):
        factor = min(1.0, longest / max(width, height)) if longest else 1.0
        wide, high = round(width * factor), round(height * factor)
    return max(2, wide // 2 * 2), max(2, high // 2 * 2)

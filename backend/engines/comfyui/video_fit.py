"""For models with fixed sizes: crops the picture to the video's shape before, and scales the video to size after."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import wait
from pathlib import Path

from PIL import Image

from backend.engines.ports.events import Alive, Event, Output, Progress
from backend.engines.ports.motion import MotionRequest, video_size
from backend.errors import Invalid, Rejected
from backend.language import tr_lazy
from backend.media import ffmpeg as tool
from backend.media.images.picture_cut import Cutter, PictureCut
from backend.settings import Settings


def crop_window(width: int, height: int, shape: float, focus: float) -> tuple[int, int, int, int]:
    """x, y, width, height in px of the largest part of this shape (width / height); `focus` 0..1: where it lies."""
    window_width = max(1, min(width, round(height * shape)))
    window_height = max(1, min(height, round(width / shape)))
    return round((width - window_width) * focus), round((height - window_height) * focus), window_width, window_height


def crop_to_shape(picture: Path, request: MotionRequest) -> Generator[Event, None, tuple[int, int]]:
    """Crops the file in place to the shape of `request` (in a child process); returns its size in px. Raises Rejected."""
    with Image.open(picture) as opened:  # the header of a PNG that a child of ours has just written
        size = opened.size
    if not (request.width and request.height):
        return size
    region = crop_window(*size, request.width / request.height, request.focus)
    if region[2:] == size:
        return size
    with Cutter(processes=1) as cutter:
        future = cutter.submit(PictureCut(str(picture), str(picture.with_name("cut.png")), region, ""))
        while not future.done():
            yield Alive()
            wait([future], timeout=0.5)
    try:
        future.result().replace(picture)
    except Invalid as error:
        raise Rejected(tr_lazy("This picture cannot be read. Choose another picture."), detail=error.message) from error
    return region[2:]


def fit_video(event: Event, request: MotionRequest, out: Path, settings: Settings) -> Iterator[Event]:
    """Brings an Output to the port's format at `out`, re-encoded only if size or codec differ. Other events pass through."""
    if not isinstance(event, Output):
        yield event
        return
    film = yield from _probe(event.path)
    width, height = video_size(film.width, film.height, request.width, request.height)
    if (film.width, film.height, film.codec, film.pixels, film.sound) == (width, height, "h264", "yuv420p", False):
        event.path.replace(out)
    else:
        fps = max(1, round(film.fps or request.fps or 8))
        for done in tool.refit(
            event.path, out, width=width, height=height, fps=fps, frames=film.frames or request.frames, settings=settings
        ):
            yield Progress(done, film.frames, tr_lazy("fitting the video"))
        if event.path != out:
            event.path.unlink(missing_ok=True)
    yield Output(out, event.n, {"width": width, "height": height, "frames": film.frames, "fps": round(film.fps)})


def _probe(path: Path) -> Generator[Event, None, tool.VideoInfo]:
    probing = tool.probe(path)
    while True:
        try:
            next(probing)
        except StopIteration as done:
            film: tool.VideoInfo = done.value
            return film
        yield Alive()

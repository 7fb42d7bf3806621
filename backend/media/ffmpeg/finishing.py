"""Finishes a film in one pass: scenes (stills with camera moves, videos), transitions, subtitles; its sound is made beside it.

Encoding once is what makes it quick and keeps it sharp: a concat, a crop, a subtitle and a loudness step that each encode again
take about four times as long and lose 1.6 dB (docs/contracts/ffmpeg.md, 5). The sound has a loudness that must be measured as a
whole, so it is a track of its own, which is put to the picture without encoding either again.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, replace
from pathlib import Path

import ffmpeg

from backend.errors import DiskFull, Invalid
from backend.kit import disk
from backend.kit.background import alongside
from backend.language import tr_lazy
from backend.media.ffmpeg.film_graph import film_graph, moving_stills
from backend.media.ffmpeg.film_order import FilmScene, FinishOrder, overlap
from backend.media.ffmpeg.loudness import RATE
from backend.media.ffmpeg.runner import render
from backend.media.ffmpeg.soundtrack import FinishedSound, write_soundtrack
from backend.media.ffmpeg.transcode import add_ai_mark, join_tracks
from backend.settings import Settings

_BITS_PER_PIXEL = 0.35
"""Of x264 at crf 23: restless films stay below."""
_KEPT_FREE_BYTES = 128 * 1024**2


@dataclass(frozen=True, slots=True)
class FinishProgress:
    """`frames` of `total` are written. `seconds_left`: until the film is finished; None before the first frames."""

    phase: str
    frames: int
    total: int
    seconds_left: float | None = None


def finish(order: FinishOrder, out: Path, *, settings: Settings) -> Generator[FinishProgress, None, FinishedSound | None]:
    """Writes the film. Yields at least twice a second; returns what became of the sound, None without any.

    Closing the generator stops ffmpeg and leaves no file. Raises Invalid (no scenes, a transition longer than its scene),
    DiskFull before anything is written when the disk could not hold the film, and as `render`.
    """
    _check(order)
    _check_disk(order, out.parent)
    scenes, links = _named_apart(order.scenes, out)
    try:
        return (yield from _finish(replace(order, scenes=scenes), out, settings))
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    finally:
        for path in links:
            path.unlink(missing_ok=True)


def _finish(order: FinishOrder, out: Path, settings: Settings) -> Generator[FinishProgress, None, FinishedSound | None]:
    if order.sound.is_silent:
        yield from _timed(_picture(order, out, settings), order.frames)
        if order.source_type:
            add_ai_mark(out, order.source_type)
        return None
    picture, sound_file = out.with_name(f"{out.stem}.picture.mp4"), out.with_name(f"{out.stem}.sound.m4a")
    sound = replace(order.sound, seconds=min(order.sound.seconds, order.seconds))
    try:
        with alongside(write_soundtrack(sound, sound_file, settings=settings)) as mixing:
            for progress in _timed(_picture(order, picture, settings), order.frames):
                if mixing.done():
                    mixing.result()  # raises what went wrong with the sound, before all pictures are encoded
                yield progress
            while not mixing.done():
                wait([mixing], timeout=0.5)
                yield FinishProgress(tr_lazy("mixing the sound"), order.frames, order.frames, 1.0)
            finished = mixing.result()
        track = ffmpeg.input(str(picture)).video
        for _ in join_tracks(track, sound_file, out, source_type=order.source_type, settings=settings):
            yield FinishProgress(tr_lazy("adding the sound"), order.frames, order.frames, 0.0)
        return finished
    finally:
        for path in (picture, sound_file):
            path.unlink(missing_ok=True)


def _named_apart(scenes: Sequence[FilmScene], out: Path) -> tuple[tuple[FilmScene, ...], list[Path]]:
    """The scenes, where those after the first one of the same file have it under a name of their own, and these names (links).

    ffmpeg-python takes equal inputs with equal filters for one node, and one node has one end.
    """
    named: list[FilmScene] = []
    links: list[Path] = []
    for n, scene in enumerate(scenes):
        path = scene.path
        if any(path == other.path for other in scenes[:n]):
            path = out.with_name(f"{out.stem}.again-{n}{scene.path.suffix}")
            path.unlink(missing_ok=True)
            path.symlink_to(scene.path.absolute())
            links.append(path)
        named.append(replace(scene, path=path))
    return tuple(named), links


def _timed(rendered: Iterable[int], total: int) -> Iterator[FinishProgress]:
    """Progress with the time that is left at the mean speed so far."""
    start = time.monotonic()
    yield FinishProgress(tr_lazy("making the video"), 0, total)
    for frames in rendered:
        left = (time.monotonic() - start) / frames * max(0, total - frames) if frames else None
        yield FinishProgress(tr_lazy("making the video"), min(frames, total), total, left)


def needed_bytes(order: FinishOrder) -> int:
    """An upper estimate of what the film takes on the disk while it is written: the picture twice, and the sound as WAV."""
    pixels = order.size[0] * order.size[1] * order.frames
    return round(2 * pixels * _BITS_PER_PIXEL / 8 + order.seconds * RATE * 4)


def _picture(order: FinishOrder, out: Path, settings: Settings) -> Generator[int, None, None]:
    return render(film_graph(order, out, settings), out, settings, stills=moving_stills(order))


def _check_disk(order: FinishOrder, folder: Path) -> None:
    free, needed = disk.free(folder)[0], needed_bytes(order)
    if free < needed + _KEPT_FREE_BYTES:
        megabytes = (needed + _KEPT_FREE_BYTES - free) // 1_000_000 + 1
        raise DiskFull(
            tr_lazy(
                "The disk lacks {megabytes} MB for this video. Free some space, or make a shorter one.", megabytes=megabytes
            )
        )


def _check(order: FinishOrder) -> None:
    if not order.scenes:
        raise Invalid(tr_lazy("There is no scene yet. Add one."))
    if any(side % 2 or side < 2 for side in order.size):
        raise Invalid(tr_lazy("Width and height of a video must be even."))
    for n, scene in enumerate(order.scenes):
        neighbours = min(scene.seconds, order.scenes[n - 1].seconds) if n else scene.seconds
        if scene.seconds * order.fps < 1 or overlap(scene, n) > neighbours:
            raise Invalid(tr_lazy("Scene {n} is too short: it must last as long as its transition.", n=n + 1))

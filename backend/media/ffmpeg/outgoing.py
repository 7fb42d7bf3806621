"""Films as they leave: one pass that crops, scales, shortens and encodes; or only another box around the same frames."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from backend.media.ffmpeg.films import BARE, COLOURS, SCALED, said_of, say_ai
from backend.media.ffmpeg.running import part_of, render
from backend.settings import Settings

_BITS = 20_000_000
"""A second of picture at most: Instagram takes 25 Mbps (docs/contracts/instagram.md, 3)."""
_SOUND: dict[str, Any] = {"acodec": "aac", "audio_bitrate": "128k", "ar": 48_000, "ac": 2}
_ROOM = 0.92
"""Of the bytes a film may have; the rest is for sound and the index."""


@dataclass(frozen=True, slots=True)
class Cut:
    """`box`: x, y, width, height kept, `size`: what they are scaled to, even px. `fps`, `seconds`: None, as they are.

    `max_bytes` holds for a film of `lasts` seconds. `sound`: there is some, and it stays.
    """

    box: tuple[int, int, int, int]
    size: tuple[int, int]
    fps: float | None = None
    seconds: float | None = None
    sound: bool = False
    max_bytes: int | None = None
    lasts: float | None = None


def recut(film: Path, out: Path, *, cut: Cut, source_type: str | None, settings: Settings) -> Generator[int, None, None]:
    """Encodes as every platform takes it: H.264 4:2:0 with closed groups, AAC, index in front, no edit list. As `render`."""
    source = ffmpeg.input(str(film), **({"t": cut.seconds} if cut.seconds else {}))
    x, y, width, height = cut.box
    stream = source.video.filter("crop", width, height, x, y, exact=1)
    if (width, height) != cut.size:
        stream = stream.filter("scale", *cut.size, **SCALED)
    stream = stream.filter("setsar", 1)
    if cut.fps:
        stream = stream.filter("fps", cut.fps)
    rate = _rate(cut)
    encoder = {
        "vcodec": "libx264", "preset": "fast", "crf": 18, "profile:v": "high", "g": 60, "bf": 0, "maxrate": rate,
        "bufsize": rate * 2, "pix_fmt": "yuv420p", "threads": settings.engine_threads, **COLOURS,
    }  # fmt: skip
    tracks = [stream, source.audio] if cut.sound else [stream]
    sound = _SOUND if cut.sound else {"an": None}
    yield from _written(tracks, out, {**encoder, **sound, "flags:v": "+bitexact"}, source_type, settings)


def rewrap(film: Path, out: Path, *, sound: bool, source_type: str | None, settings: Settings) -> Generator[int, None, None]:
    """The same frames and sound in a clean MP4. As `render`."""
    source = ffmpeg.input(str(film))
    tracks = [source.video, source.audio] if sound else [source.video]
    how: dict[str, Any] = {"vcodec": "copy", **({"acodec": "copy"} if sound else {"an": None})}
    yield from _written(tracks, out, how, source_type, settings)


def _written(
    tracks: list[Any], out: Path, how: dict[str, Any], source_type: str | None, settings: Settings
) -> Generator[int, None, None]:
    bare = {**BARE, "use_editlist": 0, "map_chapters": -1}
    graph = ffmpeg.output(*tracks, str(part_of(out)), **how, **bare, **said_of(source_type))
    yield from render(graph, out, settings)
    if source_type:
        say_ai(out, source_type)


def _rate(cut: Cut) -> int:
    """Bits a second of picture at most."""
    if cut.max_bytes is None or not cut.lasts:
        return _BITS
    return max(100_000, min(_BITS, int(cut.max_bytes * 8 * _ROOM / cut.lasts) - (128_000 if cut.sound else 0)))

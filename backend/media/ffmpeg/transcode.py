"""Videos for platforms: transcoded in one pass (crop, scale, shorten, encode), or only remuxed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from backend.media.ffmpeg.films import CLEAN_OUTPUT, COLOUR_OPTIONS, SCALE_OPTIONS, add_ai_mark, comment_option
from backend.media.ffmpeg.runner import partial_path, render
from backend.settings import Settings

_MAX_BITRATE = 20_000_000
"""Bits a second of picture; Instagram's limit is 25 Mbps (docs/contracts/instagram.md, 3)."""
_AUDIO_OPTIONS: dict[str, Any] = {"acodec": "aac", "audio_bitrate": "128k", "ar": 48_000, "ac": 2}
_VIDEO_SHARE = 0.92
"""Share of `max_bytes` for the picture; the rest is for sound and the index."""


@dataclass(frozen=True, slots=True)
class VideoCut:
    """`box`: x, y, width, height of the crop; `size`: what it is scaled to, even px. `fps`, `seconds`: None keeps them.

    `max_bytes`: limit of the file, for a video of `lasts` seconds. `sound`: the video has sound, which is kept.
    """

    box: tuple[int, int, int, int]
    size: tuple[int, int]
    fps: float | None = None
    seconds: float | None = None
    sound: bool = False
    max_bytes: int | None = None
    lasts: float | None = None


def transcode(
    video: Path, out: Path, *, cut: VideoCut, source_type: str | None, settings: Settings
) -> Generator[int, None, None]:
    """Encodes for any platform: H.264 4:2:0, closed groups, AAC, index first, no edit list. Yields and raises as `render`."""
    source = ffmpeg.input(str(video), **({"t": cut.seconds} if cut.seconds else {}))
    x, y, width, height = cut.box
    stream = source.video.filter("crop", width, height, x, y, exact=1)
    if (width, height) != cut.size:
        stream = stream.filter("scale", *cut.size, **SCALE_OPTIONS)
    stream = stream.filter("setsar", 1)
    if cut.fps:
        stream = stream.filter("fps", cut.fps)
    bitrate = _max_bitrate(cut)
    encoder = {
        "vcodec": "libx264",
        "preset": "fast",
        "crf": 18,
        "profile:v": "high",
        "g": 60,
        "bf": 0,
        "maxrate": bitrate,
        "bufsize": bitrate * 2,
        "pix_fmt": "yuv420p",
        "threads": settings.engines.local.threads,
        **COLOUR_OPTIONS,
    }
    tracks = [stream, source.audio] if cut.sound else [stream]
    audio_options = _AUDIO_OPTIONS if cut.sound else {"an": None}
    yield from _render_and_mark(tracks, out, {**encoder, **audio_options, "flags:v": "+bitexact"}, source_type, settings)


def remux(video: Path, out: Path, *, sound: bool, source_type: str | None, settings: Settings) -> Generator[int, None, None]:
    """Copies frames and sound into a clean MP4 without encoding. Yields and raises as `render`."""
    source = ffmpeg.input(str(video))
    tracks = [source.video, source.audio] if sound else [source.video]
    codec_options: dict[str, Any] = {"vcodec": "copy", **({"acodec": "copy"} if sound else {"an": None})}
    yield from _render_and_mark(tracks, out, codec_options, source_type, settings)


def _render_and_mark(
    tracks: list[Any], out: Path, codec_options: dict[str, Any], source_type: str | None, settings: Settings
) -> Generator[int, None, None]:
    output_options = {**CLEAN_OUTPUT, "use_editlist": 0, "map_chapters": -1}
    graph = ffmpeg.output(*tracks, str(partial_path(out)), **codec_options, **output_options, **comment_option(source_type))
    yield from render(graph, out, settings)
    if source_type:
        add_ai_mark(out, source_type)


def _max_bitrate(cut: VideoCut) -> int:
    """Upper limit of the picture's bit rate, bits a second."""
    if cut.max_bytes is None or not cut.lasts:
        return _MAX_BITRATE
    return max(100_000, min(_MAX_BITRATE, int(cut.max_bytes * 8 * _VIDEO_SHARE / cut.lasts) - (128_000 if cut.sound else 0)))

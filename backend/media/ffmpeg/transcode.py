"""Encodes videos as players and platforms take them (H.264, yuv420p, even sides, index in front), marks them as AI-made,
transcodes them for platforms in one pass (crop, scale, shorten, encode), or only remuxes them."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from backend.media.ffmpeg.runner import partial_path, render
from backend.media.images import ai_mark
from backend.settings import Settings

_XMP = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes
"""XMP specification part 3, section 1.2.6: the box of an MP4 that holds a packet."""
COLOUR_OPTIONS = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "color_range": "tv"}
CLEAN_OUTPUT: dict[str, Any] = {"map_metadata": -1, "movflags": "+faststart", "fflags": "+bitexact"}
SCALE_OPTIONS = {"flags": "lanczos+accurate_rnd", "out_color_matrix": "bt709", "out_range": "tv"}
COMMENT = "AI-generated. Digital source type: "
_MAX_BITRATE = 20_000_000
"""Bits a second of picture; Instagram's limit is 25 Mbps (docs/contracts/instagram.md, 3)."""
_AUDIO_OPTIONS: dict[str, Any] = {"acodec": "aac", "audio_bitrate": "128k", "ar": 48_000, "ac": 2}
_VIDEO_SHARE = 0.92
"""Share of `max_bytes` for the picture; the rest is for sound and the index."""


def h264_output(stream: Any, out: Path, *, fps: int, frames: int, threads: int = 0) -> Any:
    """The output node that encodes `stream` as H.264, for `render`. `frames`: number of frames after which it stops."""
    encoder = {"vcodec": "libx264", "preset": "fast", "crf": 18, "profile:v": "high", "g": fps * 2, **COLOUR_OPTIONS}
    return ffmpeg.output(
        stream,
        str(partial_path(out)),
        **encoder,
        pix_fmt="yuv420p",
        r=fps,
        vframes=frames,
        threads=threads,
        an=None,
        **CLEAN_OUTPUT,
        **{"flags:v": "+bitexact"},
    )


def refit(
    video: Path, out: Path, *, width: int, height: int, fps: int, frames: int, settings: Settings
) -> Generator[int, None, None]:
    """The video at exactly this size (even px): scaled to cover it, cropped in the centre. Yields and raises as `render`."""
    stream = ffmpeg.input(str(video)).video
    stream = stream.filter("scale", width, height, force_original_aspect_ratio="increase", **SCALE_OPTIONS)
    stream = stream.filter("crop", width, height).filter("setsar", 1)
    return render(h264_output(stream, out, fps=fps, frames=frames, threads=settings.engines.local.threads), out, settings)


def first_frame(video: Path, out: Path, *, settings: Settings) -> Generator[int, None, None]:
    """Writes the first frame as a PNG. Yields and raises as `render`."""
    graph = ffmpeg.input(str(video)).video.output(str(partial_path(out)), vframes=1, **{"update": 1})
    return render(graph, out, settings)


def deliver(video: Path, out: Path, *, source_type: str | None, settings: Settings) -> Generator[int, None, None]:
    """Copies the picture track without any other data in the file (prompts, graphs, names).

    With `source_type` (IPTC digital source type) the file is marked as AI-made: in an XMP packet, and in the comment that
    players show. No frame is encoded again. Yields and raises as `render`.
    """
    clean = out.with_name(f"{out.stem}.plain{out.suffix}")
    graph = ffmpeg.input(str(video)).video.output(
        str(partial_path(clean)), vcodec="copy", an=None, **CLEAN_OUTPUT, **comment_option(source_type)
    )
    yield from render(graph, clean, settings)
    if source_type:
        add_ai_mark(clean, source_type)
    clean.replace(out)


def comment_option(source_type: str | None) -> dict[str, str]:
    """ffmpeg's option for the AI comment that players show; {} without `source_type`."""
    return {"metadata": f"comment={COMMENT}{source_type.rpartition('/')[2]}"} if source_type else {}


def add_ai_mark(video: Path, source_type: str) -> None:
    """Adds the XMP packet with the digital source type to a whole MP4."""
    packet = _XMP + ai_mark.xmp(source_type)
    with video.open("ab") as file:
        file.write(struct.pack(">I4s", len(packet) + 8, b"uuid") + packet)


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


def join_tracks(
    picture: Any, sound: Path | None, out: Path, *, source_type: str | None, settings: Settings
) -> Generator[int, None, None]:
    """Copies a picture stream (of an ffmpeg graph), and the sound of `write_soundtrack` if there is one, into one clean MP4
    without encoding. Both begin at 0. Yields and raises as `render`."""
    tracks = [picture, ffmpeg.input(str(sound), ignore_editlist=1).audio] if sound else [picture]
    sound_option: dict[str, Any] = {"acodec": "copy"} if sound else {"an": None}
    return _render_and_mark(tracks, out, {"vcodec": "copy", **sound_option}, source_type, settings)


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

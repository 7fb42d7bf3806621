"""Encodes videos as players and platforms take them (H.264, yuv420p, even sides, index in front), and marks them as AI-made."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Generator
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

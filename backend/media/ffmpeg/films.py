"""Films as players and platforms take them: H.264, yuv420p, even sides, index in front; and what they say of themselves."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

import ffmpeg

from backend.media.ffmpeg.running import part_of, render
from backend.media.images import ai_mark
from backend.settings import Settings

_XMP = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes
"""XMP specification part 3, section 1.2.6: the box of an MP4 that holds a packet."""
COLOURS = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "color_range": "tv"}
BARE: dict[str, Any] = {"map_metadata": -1, "movflags": "+faststart", "fflags": "+bitexact"}
SCALED = {"flags": "lanczos+accurate_rnd", "out_color_matrix": "bt709", "out_range": "tv"}
COMMENT = "AI-generated. Digital source type: "


def encoded(stream: Any, out: Path, *, fps: int, frames: int, threads: int = 0) -> Any:
    """`stream` as the film that everything plays: its output node, for `render`. `frames`: it stops after so many."""
    encoder = {"vcodec": "libx264", "preset": "fast", "crf": 18, "profile:v": "high", "g": fps * 2, **COLOURS}
    return ffmpeg.output(
        stream, str(part_of(out)), **encoder, pix_fmt="yuv420p", r=fps, vframes=frames, threads=threads, an=None,
        **BARE, **{"flags:v": "+bitexact"},
    )  # fmt: skip


def refit(
    film: Path, out: Path, *, width: int, height: int, fps: int, frames: int, settings: Settings
) -> Generator[int, None, None]:
    """The film at exactly this size (even px): scaled to cover it, what stands out cut away on both sides. As `render`."""
    stream = ffmpeg.input(str(film)).video
    stream = stream.filter("scale", width, height, force_original_aspect_ratio="increase", **SCALED)
    stream = stream.filter("crop", width, height).filter("setsar", 1)
    return render(encoded(stream, out, fps=fps, frames=frames, threads=settings.engine_threads), out, settings)


def frame(film: Path, out: Path, *, settings: Settings) -> Generator[int, None, None]:
    """Its first frame as a PNG. As `render`."""
    graph = ffmpeg.input(str(film)).video.output(str(part_of(out)), vframes=1, **{"update": 1})
    return render(graph, out, settings)


def deliver(film: Path, out: Path, *, source_type: str | None, settings: Settings) -> Generator[int, None, None]:
    """Copies the picture track without anything else that was written into the file (prompts, graphs, names).

    With `source_type` (IPTC digital source type) the file says that it is AI-made: in an XMP packet, and in the comment that
    players show. No frame is encoded again. As `render`.
    """
    plain = out.with_name(f"{out.stem}.plain{out.suffix}")
    graph = ffmpeg.input(str(film)).video.output(str(part_of(plain)), vcodec="copy", an=None, **BARE, **said_of(source_type))
    yield from render(graph, plain, settings)
    if source_type:
        say_ai(plain, source_type)
    plain.replace(out)


def said_of(source_type: str | None) -> dict[str, str]:
    """The comment that players show, as an option of ffmpeg's."""
    return {"metadata": f"comment={COMMENT}{source_type.rpartition('/')[2]}"} if source_type else {}


def say_ai(film: Path, source_type: str) -> None:
    """Adds the XMP packet with the digital source type to a whole MP4."""
    packet = _XMP + ai_mark.xmp(source_type)
    with film.open("ab") as file:
        file.write(struct.pack(">I4s", len(packet) + 8, b"uuid") + packet)

"""Videos of others: checked in a child process, then encoded anew as every video of the studio is: constant frame rate, 8 bit,
upright, without anything but picture and sound."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from backend.errors import Rejected
from backend.language import tr_lazy
from backend.media.child_answer import NO_ANSWER, child_answer
from backend.media.container_format import container_format
from backend.media.ffmpeg.runner import partial_path, render
from backend.media.ffmpeg.transcode import CLEAN_OUTPUT, COLOUR_OPTIONS, SCALE_OPTIONS, add_ai_mark, comment_option
from backend.settings import Settings

CHILD = "backend.media.ffmpeg.video_check_child"
_MEMORY_MB, _CPU_S = 4096, 600
_MAX_SIDE, _MIN_SIDE, _MAX_SOURCE_SIDE = 1920, 64, 8192
_HD_SIDE = 720
_MIN_FPS, _MAX_FPS = 24, 60
"""Frames a second that every platform takes (docs/contracts/instagram.md, 3)."""
_SENTENCES = {
    "damaged": tr_lazy("This video is damaged, or not all of it is here. Export it again, then choose it again."),
    "sound": tr_lazy("This file has sound and no picture. Add it under Music."),
    "still": tr_lazy("This is a single picture. Add it to the gallery."),
}
OTHER_FORMAT = tr_lazy("This video file cannot be used. Choose MP4, MOV, WebM or MKV.")
_TONE_MAP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("zscale", {"t": "linear", "npl": 100}),
    ("format", {"pix_fmts": "gbrpf32le"}),
    ("zscale", {"p": "bt709"}),
    ("tonemap", {"tonemap": "hable", "desat": 0}),
    ("zscale", {"t": "bt709", "m": "bt709", "r": "tv"}),
)
"""What brings high dynamic range, as phones film it, to what platforms show."""


@dataclass(frozen=True, slots=True)
class OwnVideo:
    """`width`, `height`: upright, px. `fps`: the mean of a rate that may vary. `hdr`: of high dynamic range. `untagged`: it
    does not say by which matrix its colours are coded. `source_type`: the last word of the IPTC digital source type that it
    names, or ""."""

    format: str
    width: int
    height: int
    fps: float
    seconds: float
    sound: bool
    hdr: bool
    untagged: bool
    source_type: str

    @property
    def size(self) -> tuple[int, int]:
        """Of the video that is made of it: even px, no side longer than 1920."""
        factor = min(1.0, _MAX_SIDE / max(self.width, self.height))
        return max(2, round(self.width * factor / 2) * 2), max(2, round(self.height * factor / 2) * 2)

    @property
    def constant_fps(self) -> int:
        return min(_MAX_FPS, max(_MIN_FPS, round(self.fps)))

    @property
    def frames(self) -> int:
        return max(1, round(self.seconds * self.constant_fps))


def check(path: Path, *, max_seconds: float) -> Generator[None, None, OwnVideo]:
    """Reads the file to its end. Yields twice a second. Raises Rejected with what is wrong with it, ProcessKilled."""
    name = container_format(path)
    if name not in ("mov", "matroska"):
        raise Rejected(OTHER_FORMAT)
    arguments = (str(path), name, str(max_seconds))
    answer = yield from child_answer(CHILD, *arguments, memory_mb=_MEMORY_MB, cpu_s=_CPU_S)
    answer = answer or NO_ANSWER
    if "refused" in answer:
        sentence = _SENTENCES.get(answer["refused"]) or tr_lazy(
            "This is longer than {minutes:.0f} minutes. Cut it, then choose it again.", minutes=max_seconds / 60
        )
        raise Rejected(sentence, detail=str(answer.get("detail", "")))
    video = OwnVideo(format=name, **answer)
    if min(video.width, video.height) < _MIN_SIDE or max(video.width, video.height) > _MAX_SOURCE_SIDE:
        size = f"{video.width} × {video.height} px"
        raise Rejected(
            tr_lazy(
                "This video has {size}. Its sides must be {min_side} to {max_source_side} px.",
                size=size,
                min_side=_MIN_SIDE,
                max_source_side=_MAX_SOURCE_SIDE,
            )
        )
    return video


def encode(
    path: Path, video: OwnVideo, out: Path, *, source_type: str | None, settings: Settings
) -> Generator[int, None, None]:
    """Writes it as H.264, 8 bit 4:2:0, upright, at a constant rate, with its sound as AAC. Yields and raises as `render`."""
    source = ffmpeg.input(str(path), format=video.format, protocol_whitelist="file")
    stream = source.video
    if video.untagged and not video.hdr:
        # players take large videos for bt709 and small ones for bt601; ffmpeg would take all for bt601
        stream = stream.filter("setparams", colorspace="bt709" if min(video.width, video.height) >= _HD_SIDE else "smpte170m")
    for name, options in _TONE_MAP if video.hdr else ():
        stream = stream.filter(name, **options)
    stream = stream.filter("fps", video.constant_fps).filter("scale", *video.size, **SCALE_OPTIONS).filter("setsar", 1)
    encoder = {
        "vcodec": "libx264",
        "preset": "fast",
        "crf": 18,
        "profile:v": "high",
        "pix_fmt": "yuv420p",
        "g": video.constant_fps * 2,
        "bf": 0,
        "r": video.constant_fps,
        "vframes": video.frames,
        "threads": settings.engines.local.threads,
        "flags:v": "+bitexact",
        **COLOUR_OPTIONS,
    }
    tracks, sound_options = [stream], dict[str, Any](an=None)
    if video.sound:
        tracks.append(source.audio.filter("aresample", **{"async": 1, "first_pts": 0}))
        sound_options = {"acodec": "aac", "audio_bitrate": "192k", "ar": 48_000, "ac": 2, "t": f"{video.seconds:.3f}"}
    ends = {"use_editlist": 0, "map_chapters": -1, **CLEAN_OUTPUT, **comment_option(source_type)}
    yield from render(ffmpeg.output(*tracks, str(partial_path(out)), **encoder, **sound_options, **ends), out, settings)
    if source_type:
        add_ai_mark(out, source_type)

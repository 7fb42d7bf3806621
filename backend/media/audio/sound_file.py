"""Sound files of others: checked in a child process, then written anew without anything but their sound."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from backend.errors import Rejected
from backend.language import tr_lazy
from backend.media.child_answer import NO_ANSWER, child_answer
from backend.media.container_format import container_format
from backend.media.ffmpeg.loudness import RATE
from backend.media.ffmpeg.runner import partial_path, render
from backend.settings import Settings

CHILD = "backend.media.audio.sound_check_child"
FORMATS = ("mp3", "wav", "flac", "ogg", "mov")
_MEMORY_MB, _CPU_S = 2048, 300
_SENTENCES = {
    "damaged": tr_lazy("This file is damaged, or not all of it is here. Export the sound again, then choose it again."),
    "film": tr_lazy("This is a video. Save its sound as MP3 or WAV, then choose that."),
    "silent": tr_lazy("This file is silent. Choose another one."),
}
OTHER_FORMAT = tr_lazy("This sound file cannot be used. Choose MP3, WAV, M4A, Ogg or FLAC.")


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """`format`: name of ffmpeg's demuxer. `peaks`: at most 240 values of 0..100 over its length."""

    format: str
    seconds: float
    peaks: list[int]


def check(path: Path, *, max_seconds: float) -> Generator[None, None, SoundInfo]:
    """Decodes the file to its end. Yields twice a second. Raises Rejected with what is wrong with it, ProcessKilled."""
    name = container_format(path)
    if name not in FORMATS:
        raise Rejected(OTHER_FORMAT)
    arguments = (str(path), name, str(max_seconds))
    answer = yield from child_answer(CHILD, *arguments, memory_mb=_MEMORY_MB, cpu_s=_CPU_S)
    answer = answer or NO_ANSWER
    if "refused" in answer:
        sentence = _SENTENCES.get(answer["refused"]) or tr_lazy(
            "This is longer than {minutes:.0f} minutes. Cut it, then choose it again.", minutes=max_seconds / 60
        )
        raise Rejected(sentence, detail=str(answer.get("detail", "")))
    return SoundInfo(name, **answer)


def write_m4a(path: Path, format: str, out: Path, *, settings: Settings) -> Generator[None, None, None]:
    """Writes the sound of `path` as AAC, 48 kHz, two channels, without tags and pictures. Yields and raises as `render`."""
    source = ffmpeg.input(str(path), format=format, protocol_whitelist="file").audio
    options = {"acodec": "aac", "audio_bitrate": "192k", "ar": RATE, "ac": 2, "map_metadata": -1, "movflags": "+faststart"}
    graph = ffmpeg.output(source, str(partial_path(out)), **options)
    yield from (None for _ in render(graph, out, settings))


def write_voice_wav(path: Path, format: str, out: Path, *, settings: Settings) -> Generator[None, None, None]:
    """Writes the sound of `path` as WAV, 16 bit, 24 kHz, one channel, without tags. Yields and raises as `render`."""
    source = ffmpeg.input(str(path), format=format, protocol_whitelist="file").audio
    options = {"acodec": "pcm_s16le", "ar": 24_000, "ac": 1, "map_metadata": -1, "f": "wav"}
    graph = ffmpeg.output(source, str(partial_path(out)), **options)
    yield from (None for _ in render(graph, out, settings))

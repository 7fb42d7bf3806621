"""Joins clips of one encoder to a film without encoding them again, and adds its sound."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from backend.media.ffmpeg.finishing import FinishedSound
from backend.media.ffmpeg.loudness import RATE, level, measure
from backend.media.ffmpeg.runner import partial_path, render
from backend.media.ffmpeg.sound_mix import SoundMix, mix
from backend.media.ffmpeg.transcode import CLEAN_OUTPUT, add_ai_mark, comment_option
from backend.settings import Settings


def join(
    clips: Sequence[Path], sound: SoundMix, out: Path, *, source_type: str | None, settings: Settings
) -> Generator[None, None, FinishedSound | None]:
    """Writes the film: the pictures of `clips` as they are, one after the other, and the sound mixed and brought to the
    loudness of platforms. Yields twice a second; returns what became of the sound, None without any. Raises as `render`.

    The clips must come from one encoder with the same settings. They are not encoded again, so a film of which one scene was
    changed costs that scene. `source_type`: IPTC digital source type, for the AI mark.
    """
    mixed, sound_file, names = (out.with_name(f"{out.stem}.{end}") for end in ("mix.wav", "sound.wav", "clips.txt"))
    try:
        before, how = None, None
        if not sound.is_silent:
            yield from (None for _ in mix(sound, mixed, settings=settings))
            before, how = yield from level(mixed, sound_file, settings=settings)
        names.write_text("".join(f"file '{_escaped(clip)}'\n" for clip in clips))
        tracks: list[Any] = [ffmpeg.input(str(names), format="concat", safe=0).video]
        options: dict[str, Any] = {"vcodec": "copy"}
        if before:
            tracks.append(ffmpeg.input(str(sound_file)).audio)
            options |= {"acodec": "aac", "audio_bitrate": "128k", "ar": RATE, "ac": 2}
        ends = {"use_editlist": 0, "map_chapters": -1, **CLEAN_OUTPUT, **comment_option(source_type)}
        yield from (None for _ in render(ffmpeg.output(*tracks, str(partial_path(out)), **options, **ends), out, settings))
        if source_type:
            add_ai_mark(out, source_type)
        if before is None or how is None:
            return None
        return FinishedSound(before, how, (yield from measure(out)))
    finally:
        for path in (mixed, sound_file, names):
            path.unlink(missing_ok=True)


def write_voiceover(sound: SoundMix, out: Path, *, settings: Settings) -> Generator[None, None, None]:
    """Writes what is heard of `sound` as MP3. Yields and raises as `render`."""
    wav = out.with_suffix(".wav")
    try:
        yield from (None for _ in mix(sound, wav, settings=settings))
        options = {"acodec": "libmp3lame", "audio_bitrate": "128k", "map_metadata": -1}
        graph = ffmpeg.output(ffmpeg.input(str(wav)).audio, str(partial_path(out)), **options)
        yield from (None for _ in render(graph, out, settings))
    finally:
        wav.unlink(missing_ok=True)


def _escaped(path: Path) -> str:
    """For ffmpeg's list of files, between quotes: a quote ends the quoted part, is escaped, and begins the next one."""
    return str(path).replace("'", "'\\''")

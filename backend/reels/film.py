"""Joins clips of one encoder to a film without encoding them again, and adds its sound."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import ffmpeg

from backend.media.ffmpeg.runner import partial_path, render
from backend.media.ffmpeg.sound_mix import SoundMix, mix
from backend.media.ffmpeg.soundtrack import FinishedSound, write_soundtrack
from backend.media.ffmpeg.transcode import join_tracks
from backend.settings import Settings


def join(
    clips: Sequence[Path], sound: SoundMix, out: Path, *, source_type: str | None, settings: Settings
) -> Generator[None, None, FinishedSound | None]:
    """Writes the film: the pictures of `clips` as they are, one after the other, and the sound mixed and brought to the
    loudness of platforms. Yields twice a second; returns what became of the sound, None without any. Raises as `render`.

    The clips must come from one encoder with the same settings. They are not encoded again, so a film of which one scene was
    changed costs that scene. `source_type`: IPTC digital source type, for the AI mark.
    """
    sound_file, names = out.with_name(f"{out.stem}.sound.m4a"), out.with_name(f"{out.stem}.clips.txt")
    try:
        names.write_text("".join(f"file '{_escaped(clip)}'\n" for clip in clips))
        picture = ffmpeg.input(str(names), format="concat", safe=0).video
        finished = None
        if not sound.is_silent:
            finished = yield from write_soundtrack(sound, sound_file, settings=settings)
        track = sound_file if finished else None
        yield from (None for _ in join_tracks(picture, track, out, source_type=source_type, settings=settings))
        return finished
    finally:
        for path in (sound_file, names):
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

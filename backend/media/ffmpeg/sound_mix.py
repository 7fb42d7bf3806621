"""The sound of a finished film: voice, music that is turned down while somebody speaks, and the loudness of platforms.

Loudness is measured on the mix and corrected in one go; what was measured and how it was corrected is given back, because
speech often cannot be brought to a target without compression (docs/contracts/ffmpeg.md, 4).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from backend.errors import Rejected
from backend.kit import child
from backend.media.ffmpeg.runner import binary_path, partial_path, render
from backend.settings import Settings

TARGET_LUFS, TRUE_PEAK_DBTP, RANGE_LU = -16.0, -1.5, 11.0
"""Loudness of the whole, highest peak, and range."""
RATE = 48_000
_SILENT_LUFS = -70.0
"""What nothing but silence measures at most."""


@dataclass(frozen=True, slots=True)
class SoundClip:
    """A sound file and when it begins, in seconds of the film. `gain_db`: louder or quieter than it is."""

    path: Path
    at_s: float = 0.0
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class SoundMix:
    """`voice`: what is spoken; `effects`: sound of the scenes' own videos; `music`: repeated until the end and faded out.

    `duck`: music is turned down while somebody speaks. `seconds`: length of the film.
    """

    seconds: float
    voice: Sequence[SoundClip] = ()
    effects: Sequence[SoundClip] = ()
    music: SoundClip | None = None
    duck: bool = True

    @property
    def is_silent(self) -> bool:
        return not (self.voice or self.effects or self.music)


@dataclass(frozen=True, slots=True)
class Loudness:
    """EBU R 128: LUFS of the whole, dBTP of the highest peak, LU of the range, LUFS of the threshold."""

    integrated: float
    true_peak: float
    range_lu: float
    threshold: float

    @property
    def is_silence(self) -> bool:
        return self.integrated <= _SILENT_LUFS


def mix(sound: SoundMix, out: Path, *, settings: Settings) -> Generator[int, None, None]:
    """Writes the mix as WAV, 48 kHz, two channels, exactly `sound.seconds` long. Yields and raises as `render`."""
    spoken = _joined([_placed(clip) for clip in sound.voice])
    if spoken is not None:
        # Speech has peaks far above its loudness: without this the target could not be reached under the true peak.
        spoken = spoken.filter("acompressor", threshold="-24dB", ratio=4, attack=5, release=80, makeup=2)
    music = _music(sound) if sound.music else None
    if spoken is not None and music is not None and sound.duck:
        parts = spoken.filter_multi_output("asplit", 2)
        spoken, key = parts[0], parts[1]
        key = key.filter("apad", whole_dur=sound.seconds)
        music = ffmpeg.filter([music, key], "sidechaincompress", threshold=0.02, ratio=8, attack=40, release=400)
    tracks = [track for track in (spoken, music, _joined([_placed(clip) for clip in sound.effects])) if track is not None]
    whole = _joined(tracks)
    if whole is None:
        whole = ffmpeg.input(f"anullsrc=r={RATE}:cl=stereo", f="lavfi", t=sound.seconds).audio
    whole = whole.filter("apad", whole_dur=sound.seconds).filter("atrim", 0, sound.seconds)
    options = {"acodec": "pcm_s16le", "ar": RATE, "ac": 2, "map_metadata": -1, "vn": None}
    return render(whole.output(str(partial_path(out)), **options), out, settings)


def measure(path: Path, *, settings: Settings, timeout_s: float = 300.0) -> Loudness:
    """Loudness of a sound file or of a film's sound. Raises Rejected when it has none that can be read."""
    analysis = {"I": TARGET_LUFS, "TP": TRUE_PEAK_DBTP, "LRA": RANGE_LU, "print_format": "json"}
    graph = ffmpeg.input(str(path)).audio.filter("loudnorm", **analysis).output("-", format="null")
    argv = graph.global_args("-hide_banner", "-nostdin", "-nostats").compile(cmd=binary_path(settings))
    proc = child.spawn(argv, cwd=path.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, nice=5)
    try:
        _, log = proc.communicate(timeout=timeout_s)
    finally:
        child.stop(proc, grace_s=0.5)
    text = log.decode("utf-8", "replace")
    start, end = text.rfind("{"), text.rfind("}")
    if proc.returncode or start < 0:
        raise Rejected("The sound of this file cannot be read. Choose another file.", detail=text[-500:])
    values = json.loads(text[start : end + 1])
    names = ("input_i", "input_tp", "input_lra", "input_thresh")
    integrated, true_peak, range_lu, threshold = (max(-99.0, float(values[name])) for name in names)
    return Loudness(integrated, true_peak, range_lu, threshold)


def normalized(stream: Any, measured: Loudness) -> Any:
    """`stream` brought to TARGET_LUFS. ffmpeg corrects by one factor where the peak allows it, else dynamically."""
    if measured.is_silence:
        return stream
    options = {
        "I": TARGET_LUFS,
        "TP": TRUE_PEAK_DBTP,
        "LRA": RANGE_LU,
        "measured_I": measured.integrated,
        "measured_TP": measured.true_peak,
        "measured_LRA": measured.range_lu,
        "measured_thresh": measured.threshold,
        "linear": "true",
    }
    # loudnorm works at 192 kHz when it is dynamic
    return stream.filter("loudnorm", **options).filter("aresample", RATE)


def correction(measured: Loudness) -> str:
    """How `normalized` corrects: none (silence), linear (one factor) or dynamic."""
    if measured.is_silence:
        return "none"
    fits = measured.true_peak + TARGET_LUFS - measured.integrated <= TRUE_PEAK_DBTP and measured.range_lu <= RANGE_LU
    return "linear" if fits else "dynamic"


def _placed(clip: SoundClip) -> Any:
    stream = ffmpeg.input(str(clip.path)).audio.filter("aformat", sample_rates=RATE, channel_layouts="stereo")
    if clip.gain_db:
        stream = stream.filter("volume", f"{clip.gain_db:.2f}dB")
    return stream.filter("adelay", f"{round(clip.at_s * 1000)}", all=1) if clip.at_s > 0 else stream


def _music(sound: SoundMix) -> Any:
    assert sound.music is not None
    fade_s = min(1.5, sound.seconds / 4)
    source = ffmpeg.input(str(sound.music.path), stream_loop=-1, t=sound.seconds).audio
    stream = source.filter("aformat", sample_rates=RATE, channel_layouts="stereo").filter("atrim", 0, sound.seconds)
    stream = stream.filter("volume", f"{sound.music.gain_db:.2f}dB")
    return stream.filter("afade", type="out", start_time=max(0.0, sound.seconds - fade_s), duration=fade_s)


def _joined(streams: Sequence[Any]) -> Any:
    """The streams heard together, none of them made quieter; None without any."""
    if len(streams) < 2:
        return streams[0] if streams else None
    return ffmpeg.filter(list(streams), "amix", inputs=len(streams), normalize=0, duration="longest")

"""The sound of a finished film: voice, the videos' own sound, and music that is turned down while somebody speaks."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from backend.media.ffmpeg.loudness import METER, RATE, WAV_OPTIONS
from backend.media.ffmpeg.runner import partial_path, render
from backend.settings import Settings

_REPEAT_FADE_S = 2.0
_CUT_FADE_S = 0.15


@dataclass(frozen=True, slots=True)
class SoundClip:
    """A sound file and when it begins, in seconds of the film. `gain_db`: louder or quieter than it is.

    `seconds`: how much of it is heard, faded out at the end; 0: all. `repeat_s`, of music: its length, where its end fades over
    into its beginning when it is repeated; 0: it repeats as it is.
    """

    path: Path
    at_s: float = 0.0
    gain_db: float = 0.0
    repeat_s: float = 0.0
    seconds: float = 0.0


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


def mix(sound: SoundMix, out: Path, *, settings: Settings, meter: Path | None = None) -> Generator[int, None, None]:
    """Writes the mix as WAV, 48 kHz, two channels, exactly `sound.seconds` long. Yields and raises as `render`.

    `meter`: where its loudness is noted meanwhile, for `loudness.read_meter_file`.
    """
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
    if meter:
        whole = whole.filter(METER[0], **METER[1]).filter("ametadata", mode="print", file=str(meter))
    return render(whole.output(str(partial_path(out)), **WAV_OPTIONS), out, settings)


def _placed(clip: SoundClip) -> Any:
    # its place comes first: a file that is heard twice would be one node of the graph with two ends
    stream = ffmpeg.input(str(clip.path)).audio
    if clip.at_s > 0:
        stream = stream.filter("adelay", f"{round(clip.at_s * 1000)}", all=1)
    stream = stream.filter("aformat", sample_rates=RATE, channel_layouts="stereo")
    if clip.gain_db:
        stream = stream.filter("volume", f"{clip.gain_db:.2f}dB")
    if clip.seconds:
        end_s, fade_s = clip.at_s + clip.seconds, min(_CUT_FADE_S, clip.seconds / 4)
        stream = stream.filter("atrim", 0, end_s).filter("afade", type="out", start_time=end_s - fade_s, duration=fade_s)
    return stream


def _music(sound: SoundMix) -> Any:
    assert sound.music is not None
    fade_s = min(1.5, sound.seconds / 4)
    whole_s = sound.music.repeat_s
    once = {} if whole_s else {"stream_loop": -1}
    source = ffmpeg.input(str(sound.music.path), t=sound.seconds, **once).audio
    stream = source.filter("aformat", sample_rates=RATE, channel_layouts="stereo")
    if 0 < whole_s < sound.seconds:
        stream = _repeated(stream, whole_s)
    stream = stream.filter("atrim", 0, sound.seconds)
    stream = stream.filter("volume", f"{sound.music.gain_db:.2f}dB")
    return stream.filter("afade", type="out", start_time=max(0.0, sound.seconds - fade_s), duration=fade_s)


def _repeated(stream: Any, whole_s: float) -> Any:
    """Without an end: its last seconds are heard together with its first ones, which then go on."""
    fade_s = min(_REPEAT_FADE_S, whole_s / 4)
    parts = stream.filter_multi_output("asplit", 4)
    cuts = ((0.0, fade_s), (fade_s, whole_s - fade_s), (whole_s - fade_s, whole_s), (0.0, fade_s))
    first, middle, end, beginning = (
        parts[n].filter("atrim", *cut).filter("asetpts", "PTS-STARTPTS") for n, cut in enumerate(cuts)
    )
    curve = {"duration": fade_s, "curve": "qsin"}
    seam = _joined([end.filter("afade", type="out", **curve), beginning.filter("afade", type="in", **curve)])
    again = ffmpeg.concat(middle, seam, v=0, a=1).filter("aloop", loop=-1, size=round((whole_s - fade_s) * RATE))
    return ffmpeg.concat(first, again, v=0, a=1)


def _joined(streams: Sequence[Any]) -> Any:
    """The streams heard together, none of them made quieter; None without any."""
    if len(streams) < 2:
        return streams[0] if streams else None
    return ffmpeg.filter(list(streams), "amix", inputs=len(streams), normalize=0, duration="longest")

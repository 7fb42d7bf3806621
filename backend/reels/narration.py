"""The sound of a reel: its voice, where each scene's words are spoken once whatever is rendered of them, and its music."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend import assets, influencers, music, voices
from backend.assets import AssetCard
from backend.jobs.context import JobContext, run_steps
from backend.language import tr_lazy
from backend.media import ffmpeg
from backend.media.audio import wav_file
from backend.media.ffmpeg.sound_mix import SoundClip, SoundMix
from backend.media.ffmpeg.subtitles import TimedWord
from backend.reels.schemas import ReelCard, SceneCard
from backend.reels.timeline import FPS, Speech, TimedScene, film_frames

_PEAKS_PER_SECOND = 12
_GAINS_DB = {"quiet": -14.0, "full": 0.0}
"""Of a video's own sound."""


@dataclass(frozen=True, slots=True)
class SpokenScene:
    """`key`: of the WAV file in the storage."""

    key: str
    speech: Speech


def speak_scenes(ctx: JobContext, reel: ReelCard) -> dict[int, SpokenScene]:
    """Number of a scene -> what is heard in it: its recording, else its words by the reel's voice, if it has one. Raises as
    `voices.speak`."""
    spoken: dict[int, SpokenScene] = {}
    for n, scene in enumerate(reel.scenes):
        if scene.recording_asset_id:
            ctx.progress(n, len(reel.scenes), tr_lazy("listening"))
            spoken[n] = _recorded(ctx, reel, scene.recording_asset_id, scene.words)
        if scene.recording_asset_id or reel.voice_id is None or not voices.without_pauses(scene.words).strip():
            continue
        ctx.progress(n, len(reel.scenes), tr_lazy("speaking"))
        text = voices.speak(ctx, reel.voice_id, scene.words, speed=reel.speed)
        words = tuple(TimedWord(word.text, word.start_s, word.end_s) for word in text.words)
        spoken[n] = SpokenScene(text.s3_key, Speech(text.duration_s, words, text.timing_source))
    return spoken


def _recorded(ctx: JobContext, reel: ReelCard, asset_id: str, words: str) -> SpokenScene:
    with ctx.transaction() as tx:
        file = assets.get(tx, asset_id)
        language = voices.get(tx, reel.voice_id).language if reel.voice_id else "en"
        if not reel.voice_id and reel.influencer_id:
            language = influencers.get(tx, reel.influencer_id).language
    path = ctx.workdir / f"recording-{asset_id}.wav"
    assets.fetch_file(ctx, file.key, path)
    timed, source = voices.time_words(ctx, path, voices.without_pauses(words), language)
    spoken = tuple(TimedWord(word.text, word.start_s, word.end_s) for word in timed)
    return SpokenScene(file.key, Speech(wav_file.duration_s(path), spoken, source))


def music_of(ctx: JobContext, reel: ReelCard) -> SoundClip | None:
    """Its music, fetched; None: it has none. Raises NotFound, Unavailable."""
    if reel.track is None:
        return None
    return music.fetch(ctx, reel.track, ctx.workdir, volume_db=reel.music_db)


def voice_path(ctx: JobContext, n: int, spoken: SpokenScene) -> Path:
    """Where `sound_of` puts the voice of scene `n`."""
    return ctx.workdir / f"voice-{n:03}{Path(spoken.key).suffix}"


def own_sounds(
    ctx: JobContext, timed: Sequence[TimedScene], scenes: Sequence[SceneCard], files: Mapping[int, tuple[AssetCard, Path]]
) -> list[SoundClip]:
    """What is heard of the videos among the scenes. `files`: number of a scene -> its file, and where it lies."""
    clips = []
    for scene in timed:
        file, path = files[scene.n]
        gain_db = _GAINS_DB.get(scenes[scene.n].sound)
        if file.kind == "video" and gain_db is not None and run_steps(ctx, ffmpeg.probe(path)).sound:
            clips.append(SoundClip(path, scene.start_s, gain_db, seconds=scene.seconds))
    return clips


def sound_of(
    ctx: JobContext,
    timed: Sequence[TimedScene],
    spoken: Mapping[int, SpokenScene],
    track: SoundClip | None = None,
    effects: Sequence[SoundClip] = (),
) -> SoundMix:
    """The film's sound, its files fetched."""
    clips = []
    for scene in timed:
        if scene.n in spoken:
            path = voice_path(ctx, scene.n, spoken[scene.n])
            assets.fetch_file(ctx, spoken[scene.n].key, path)
            clips.append(SoundClip(path, scene.voice_s))
    return SoundMix(film_frames(timed) / FPS, voice=tuple(clips), effects=effects, music=track)


def waveforms(ctx: JobContext, timed: Sequence[TimedScene], spoken: Mapping[int, SpokenScene]) -> dict[int, list[int]]:
    """Number of a scene -> how loud its voice is over its length, 0 to 100. `sound_of` has fetched the voices before."""
    drawn: dict[int, list[int]] = {}
    for scene in timed:
        if scene.n in spoken:
            silent = [0] * round((scene.voice_s - scene.start_s) * _PEAKS_PER_SECOND)
            levels = wav_file.peaks(voice_path(ctx, scene.n, spoken[scene.n]), per_second=_PEAKS_PER_SECOND)
            length = round(scene.seconds * _PEAKS_PER_SECOND)
            drawn[scene.n] = [*silent, *levels, *[0] * length][:length]
    return drawn

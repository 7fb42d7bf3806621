"""When each scene of a reel begins, how long it lasts, and when each of its words is heard. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from backend.media.ffmpeg.subtitles import TimedWord
from backend.reels.schemas import SceneCard
from backend.reels.script import speaking_seconds

FPS = 30
TRANSITION_S = 0.4
_LEAD_S, _TAIL_S = 0.12, 0.3
"""Before the first word of a scene, and after its last one."""
_WITHOUT_WORDS_S = 3.0
_READING_S = 1.2
"""Least length of a scene whose words are only shown."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is heard in a scene: its length in seconds, and its words with their times in it. `timing_source`: engine, aligned,
    sentence or none."""

    seconds: float
    words: tuple[TimedWord, ...]
    timing_source: str


@dataclass(frozen=True, slots=True)
class TimedScene:
    """`n`: its place among the scenes. `frames`: its length. `start_s`: in the film. `voice_s`: when its voice begins, in the
    film. `words`: with their times in the film. `overlap_s`: what it shares with the scene before."""

    n: int
    frames: int
    start_s: float
    overlap_s: float
    voice_s: float
    words: tuple[TimedWord, ...]

    @property
    def seconds(self) -> float:
        return self.frames / FPS


@dataclass(frozen=True, slots=True)
class ScenePart:
    """`frames` of a scene's frames, from frame `first` of it on."""

    scene: TimedScene
    first: int
    frames: int


@dataclass(frozen=True, slots=True)
class FilmPart:
    """What is rendered together: a scene without its transitions, or, of two scenes, the transition from one to the other.
    `start_frame`: in the film."""

    shown: tuple[ScenePart, ...]
    start_frame: int

    @property
    def frames(self) -> int:
        return self.shown[0].frames

    @property
    def words(self) -> tuple[TimedWord, ...]:
        """With their times in the film. In a transition nobody speaks."""
        return self.shown[0].scene.words if len(self.shown) == 1 else ()


def timeline(scenes: Sequence[SceneCard], speech: Mapping[int, Speech], *, max_seconds: float | None) -> list[TimedScene]:
    """Scenes one after the other, to whole frames, cut at `max_seconds` (scenes that begin later are left out).

    A scene lasts as long as its voice, or as it was given if that is longer; without a voice as long as its words are read.
    """
    timed: list[TimedScene] = []
    end_frame = 0
    for n, scene in enumerate(scenes):
        follows = n + 1 < len(scenes) and scenes[n + 1].transition != "cut"
        overlap = round(TRANSITION_S * FPS) if n and scene.transition != "cut" else 0
        lead_s = overlap / FPS + (_LEAD_S if scene.words else 0.0)
        tail_s = (TRANSITION_S if follows else 0.0) + _TAIL_S
        needed_s = _needed_seconds(scene, speech.get(n), lead_s, tail_s)
        overlap_after = round(TRANSITION_S * FPS) if follows else 0
        frames = max(round(max(needed_s, scene.seconds or 0.0) * FPS), overlap + overlap_after + 2)
        start = end_frame - overlap
        if max_seconds:
            frames = min(frames, round(max_seconds * FPS) - start)
        if frames <= overlap + 1:
            break
        voice_s = start / FPS + lead_s
        words = _words(scene, speech.get(n), voice_s, (start + frames) / FPS - tail_s)
        end_frame = start + frames
        timed.append(TimedScene(n, frames, start / FPS, overlap / FPS, voice_s, words))
    return timed


def estimated_seconds(scene: SceneCard) -> float:
    """How long a scene will last, before it was spoken."""
    return max(_needed_seconds(scene, None, _LEAD_S if scene.words else 0.0, _TAIL_S), scene.seconds or 0.0)


def film_frames(timed: Sequence[TimedScene]) -> int:
    """Length of the film."""
    return round((timed[-1].start_s) * FPS) + timed[-1].frames if timed else 0


def film_parts(timed: Sequence[TimedScene]) -> list[FilmPart]:
    """The film in parts, in its order: scenes, and the transitions between them. One that changes leaves the others as they
    were, unless it is their neighbour."""
    parts: list[FilmPart] = []
    for n, scene in enumerate(timed):
        before, after = _overlap_frames(scene), _overlap_frames(timed[n + 1]) if n + 1 < len(timed) else 0
        start_frame = round(scene.start_s * FPS)
        if before:
            earlier = timed[n - 1]
            shown = (ScenePart(earlier, earlier.frames - before, before), ScenePart(scene, 0, before))
            parts.append(FilmPart(shown, start_frame))
        parts.append(FilmPart((ScenePart(scene, before, scene.frames - before - after),), start_frame + before))
    return parts


def shifted(words: Sequence[TimedWord], by_s: float) -> tuple[TimedWord, ...]:
    """The words, heard so much later."""
    return tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in words)


def _overlap_frames(scene: TimedScene) -> int:
    return round(scene.overlap_s * FPS)


def _needed_seconds(scene: SceneCard, speech: Speech | None, lead_s: float, tail_s: float) -> float:
    if speech:
        return lead_s + speech.seconds + tail_s
    if not scene.words:
        return 0.0 if scene.seconds else _WITHOUT_WORDS_S
    return lead_s + max(_READING_S, speaking_seconds(scene.words)) + tail_s


def _words(scene: SceneCard, speech: Speech | None, voice_s: float, end_s: float) -> tuple[TimedWord, ...]:
    """With a voice as it says them; without one spread over the scene by their length."""
    if speech:
        return shifted(speech.words, voice_s)
    texts = scene.words.split()
    whole, at_s = sum(len(text) + 1 for text in texts), voice_s
    words: list[TimedWord] = []
    for text in texts:
        until_s = at_s + max(0.0, end_s - voice_s) * (len(text) + 1) / whole
        words.append(TimedWord(text, at_s, until_s))
        at_s = until_s
    return tuple(words)

"""What a film is made of: scenes, size, sound, subtitles; and the formats of platforms. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backend.language import tr_lazy
from backend.media.ffmpeg.sound_mix import SoundMix
from backend.media.ffmpeg.subtitles import SafeArea

Transition = Literal["cut", "fade", "slide", "zoom", "black"]
TRANSITIONS: dict[Transition, str] = {
    "cut": "",
    "fade": "fade",
    "slide": "slideleft",
    "zoom": "zoomin",
    "black": "fadeblack",
}
"""Transition -> the name of ffmpeg's `xfade`; "" for none."""
STATIC_MOVE = "still"
SMALL_SIDE = 540
"""A still whose shorter side has fewer px is enlarged at most twice, and framed by itself out of focus."""
Preset = Literal["veryfast", "fast", "medium"]


_NOTHING_COVERED = SafeArea()


@dataclass(frozen=True, slots=True)
class FilmFormat:
    """`width`, `height` in px. `max_seconds`: a film is cut there. `safe`: what the platform's own buttons and texts cover."""

    name: str
    title: str
    width: int
    height: int
    max_seconds: float | None = None
    safe: SafeArea = _NOTHING_COVERED


FORMATS = {
    film_format.name: film_format
    for film_format in (
        FilmFormat(
            "instagram-reel",
            tr_lazy("Instagram reel"),
            1080,
            1920,
            60.0,
            SafeArea(top=0.14, right=0.12, bottom=0.22, left=0.06),
        ),
        FilmFormat("instagram-post", tr_lazy("Instagram post"), 1080, 1080, 60.0),
        FilmFormat("tiktok", "TikTok", 1080, 1920, 60.0, SafeArea(top=0.10, right=0.13, bottom=0.21, left=0.06)),
        FilmFormat(
            "youtube-short", tr_lazy("YouTube Short"), 1080, 1920, 60.0, SafeArea(top=0.10, right=0.13, bottom=0.20, left=0.06)
        ),
        FilmFormat("youtube-standard", tr_lazy("YouTube video"), 1920, 1080),
    )
}
"""The formats by the names that programs use for them."""


@dataclass(frozen=True, slots=True)
class FilmScene:
    """A still picture or a video, shown for `seconds`. `size`: of the file, px.

    `move`: a camera move of MOVES over a still, STATIC_MOVE for none. `focus` 0..1: which part of the longer side a crop keeps.
    `point` goes before it: what counts, as shares of width and height; a crop has it in its middle as far as the picture
    reaches, and a zoom goes there.
    A still whose shorter side is below SMALL_SIDE does not move. A video that is shorter stands still on its last frame.
    `transition`: how it comes after the scene before, over `transition_s` seconds, in which both are seen. `first_frame`,
    `whole_frames`: what is shown begins there in a scene of so many frames; 0: it is the whole scene.
    """

    path: Path
    kind: Literal["picture", "video"]
    size: tuple[int, int]
    seconds: float
    move: str = "push-in"
    movement: float = 0.5
    focus: float = 0.5
    point: tuple[float, float] | None = None
    transition: Transition = "cut"
    transition_s: float = 0.4
    first_frame: int = 0
    whole_frames: int = 0


@dataclass(frozen=True, slots=True)
class CornerLogo:
    """A picture over the whole film. `corner`: top-left, top-right, bottom-left or bottom-right, beside what `safe` covers."""

    path: Path
    corner: str
    safe: SafeArea = _NOTHING_COVERED


@dataclass(frozen=True, slots=True)
class FinishOrder:
    """`size`: of the film, even px. `subtitles`: an ASS file, with the fonts of the folder `fonts`. `max_seconds`: cut there.

    `source_type`: IPTC digital source type, for the AI mark; None writes none.
    """

    scenes: tuple[FilmScene, ...]
    size: tuple[int, int]
    sound: SoundMix
    fps: int = 30
    subtitles: Path | None = None
    fonts: Path | None = None
    max_seconds: float | None = None
    preset: Preset = "medium"
    crf: int = 23
    source_type: str | None = None
    logo: CornerLogo | None = None

    @property
    def seconds(self) -> float:
        return min(film_seconds(self.scenes), self.max_seconds or float("inf"))

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps)


def film_seconds(scenes: Sequence[FilmScene]) -> float:
    """Length of the scenes together: during a transition two of them are seen at once."""
    return sum(scene.seconds for scene in scenes) - sum(overlap(scene, n) for n, scene in enumerate(scenes))


def overlap(scene: FilmScene, n: int) -> float:
    """Seconds that scene `n` shares with the one before."""
    return scene.transition_s if n and TRANSITIONS[scene.transition] else 0.0


def scene_starts(scenes: Sequence[FilmScene]) -> list[float]:
    """When each scene begins, in seconds of the film."""
    starts, at_s = [], 0.0
    for n, scene in enumerate(scenes):
        at_s -= overlap(scene, n)
        starts.append(at_s)
        at_s += scene.seconds
    return starts

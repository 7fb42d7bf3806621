"""Rendering a reel of which one scene was changed, by rendering all of it: 1080 by 1920, 30 frames a second, medium.

Scenes are stills with camera moves and karaoke; the film is joined from clips that are kept (`backend/reels/clips.py`) without
encoding, with voice and music. `cuts`: one scene follows the other, so one clip is rendered. `transitions`: each fades into the
next, so its two transitions are rendered too. 0.2 is asked for, of the larger one. `SECONDS`: length of the scenes together.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from backend.media.ffmpeg.film_order import FilmScene, FinishOrder, Transition
from backend.media.ffmpeg.sound_mix import SoundMix
from backend.reels import SceneCard
from backend.reels.film import join
from backend.reels.timeline import FPS, TRANSITION_S, FilmPart, film_parts, timeline
from tests.bench import reel_finish
from tests.bench.folders import bench_folder
from tests.bench.reel_wall import with_stills

LIMIT = 0.2
SCENES, CHANGED = 9, 4


def run() -> dict[str, Any]:
    seconds = float(os.environ.get("SECONDS", "13.5"))
    with bench_folder() as folder:
        order = with_stills(reel_finish.order_for(folder, seconds, preset="medium"), folder)
        figures = {
            name: _again_by_whole(order, seconds / SCENES, transition, folder)
            for name, transition in (("cuts", "cut"), ("transitions", "fade"))
        }
    largest = {name: max(figure[name] for figure in figures.values()) for name in ("ratio", "cpu_ratio")}
    return {**largest, "limit": LIMIT, **figures, "scenes": SCENES, "seconds": seconds}


def _again_by_whole(order: FinishOrder, each_s: float, transition: str, folder: Path) -> dict[str, Any]:
    parts = film_parts(timeline([_card(n, each_s, transition) for n in range(SCENES)], {}, max_seconds=None))
    clips = [folder / f"{transition}{n}.mp4" for n in range(len(parts))]
    changed = [n for n, part in enumerate(parts) if any(shown.scene.n == CHANGED for shown in part.shown)]

    def render(numbers: Sequence[int]) -> None:
        for n in numbers:
            reel_finish.finish_whole(_part_order(order, parts[n], cast("Transition", transition)), clips[n])
        for _ in join(clips, order.sound, folder / "reel.mp4", source_type=None, settings=reel_finish.SETTINGS):
            pass

    whole, again = reel_finish.cost(lambda: render(range(len(parts)))), reel_finish.cost(lambda: render(changed))
    return {
        "ratio": round(again[0] / whole[0], 3),
        "cpu_ratio": round(again[1] / whole[1], 3),
        "again": {"s": again[0], "cpu_s": again[1], "clips": len(changed)},
        "whole": {"s": whole[0], "cpu_s": whole[1], "clips": len(parts)},
    }


def _card(n: int, seconds: float, transition: str) -> SceneCard:
    shown = {"words": "", "prompt": "", "asset_id": None, "movement": "push-in", "strength": 0.5}
    return SceneCard(id=str(n), position=n, seconds=seconds, transition=cast("Any", transition), **cast("Any", shown))


def _part_order(order: FinishOrder, part: FilmPart, transition: Transition) -> FinishOrder:
    """As `backend.reels.clips.render_clip` orders it; nobody speaks in a transition."""
    scenes = tuple(
        FilmScene(
            **{
                name: getattr(order.scenes[shown.scene.n % len(order.scenes)], name)
                for name in ("path", "kind", "size", "move")
            },
            seconds=shown.frames / FPS,
            first_frame=shown.first,
            whole_frames=shown.scene.frames,
            transition=transition if n else "cut",
            transition_s=TRANSITION_S,
        )
        for n, shown in enumerate(part.shown)
    )
    subtitles = order.subtitles if len(part.shown) == 1 else None
    return replace(order, scenes=scenes, sound=SoundMix(part.frames / FPS), subtitles=subtitles)

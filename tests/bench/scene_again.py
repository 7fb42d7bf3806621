"""Rendering a reel of which one scene was changed, by rendering all of it: 1080 by 1920, 30 frames a second, medium.

Scenes are stills with camera moves and karaoke, each a clip that is kept (as `backend/reels/clips.py` keeps them); the film
is joined from the clips without encoding, with voice and music. 0.2 is asked for. `SECONDS`: length of the reel.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.media.ffmpeg.film_order import FinishOrder
from backend.media.ffmpeg.sound_mix import SoundMix
from backend.reels.film import join
from tests.bench import reel_finish
from tests.bench.folders import bench_folder
from tests.bench.reel_wall import with_stills

LIMIT = 0.2
SCENES = 9


def run() -> dict[str, Any]:
    seconds = float(os.environ.get("SECONDS", "13.5"))
    with bench_folder() as folder:
        order = with_stills(reel_finish.order_for(folder, seconds, preset="medium"), folder)
        each = seconds / SCENES
        orders = [
            replace(order, scenes=(replace(order.scenes[n % len(order.scenes)], seconds=each),), sound=SoundMix(each))
            for n in range(SCENES)
        ]
        clips = [folder / f"clip{n}.mp4" for n in range(SCENES)]

        def render(numbers: range) -> None:
            for n in numbers:
                reel_finish.finish_whole(orders[n], clips[n])
            _join(clips, order, folder / "reel.mp4")

        whole_s, whole_cpu_s = reel_finish.cost(lambda: render(range(SCENES)))
        again_s, again_cpu_s = reel_finish.cost(lambda: render(range(4, 5)))
        return {
            "ratio": round(again_s / whole_s, 3),
            "cpu_ratio": round(again_cpu_s / whole_cpu_s, 3),
            "limit": LIMIT,
            "again": {"s": again_s, "cpu_s": again_cpu_s},
            "whole": {"s": whole_s, "cpu_s": whole_cpu_s},
            "scenes": SCENES,
            "seconds": seconds,
        }


def _join(clips: list[Path], order: FinishOrder, out: Path) -> None:
    for _ in join(clips, order.sound, out, source_type=None, settings=reel_finish.SETTINGS):
        pass

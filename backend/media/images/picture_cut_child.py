"""`python -m backend.media.images.picture_cut_child`: cuts pictures for others. One JSON question a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None  # checked when the picture was taken in
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer: dict[str, str] = {"path": str(cut(question))}
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
            answer = {"reason": (str(error).splitlines() or [type(error).__name__])[0][:120].rstrip(".")}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def cut(question: dict[str, Any]) -> Path:
    """The mask is scaled to the whole picture first, then both are cut alike."""
    with Image.open(question["path"]) as opened:
        kind, colours = opened.format, opened.info.get("icc_profile")
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    if question["mask"]:
        with Image.open(question["mask"]) as opened:
            picture.putalpha(opened.convert("L").resize(picture.size, Image.Resampling.BILINEAR))
    if question["crop"]:
        x, y, width, height = question["crop"]
        picture = picture.crop((x, y, x + width, y + height))
    out = Path(question["out"])
    if question["longest"]:
        picture.thumbnail((question["longest"], question["longest"]), Image.Resampling.LANCZOS, reducing_gap=2.0)
        picture.convert("RGB").save(target := out.with_suffix(".jpg"), "JPEG", quality=85)
    elif kind == "JPEG" and not question["mask"]:
        target = out.with_suffix(".jpg")
        picture.save(target, "JPEG", quality=95, subsampling=0, exif=b"", icc_profile=colours)
    else:
        target = out.with_suffix(".png")
        picture.save(target, "PNG", compress_level=3, icc_profile=colours)
    return target


if __name__ == "__main__":
    main()

"""`python -m backend.media.images.picture_cut_child`: cuts pictures. One JSON request (`picture_cut.PictureCut`) a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None  # checked when the picture was taken in
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer: dict[str, str] = {"path": str(cut(request))}
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
            answer = {"reason": (str(error).splitlines() or [type(error).__name__])[0][:120].rstrip(".")}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def cut(request: dict[str, Any]) -> Path:
    """The mask is scaled to the whole picture first, then both are cropped together."""
    with Image.open(request["path"]) as opened:
        source_format, icc_profile = opened.format, opened.info.get("icc_profile")
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    if request["mask"]:
        with Image.open(request["mask"]) as opened:
            picture.putalpha(opened.convert("L").resize(picture.size, Image.Resampling.BILINEAR))
    if request["crop"]:
        x, y, width, height = request["crop"]
        picture = picture.crop((x, y, x + width, y + height))
    out = Path(request["out"])
    if request["longest"]:
        picture.thumbnail((request["longest"], request["longest"]), Image.Resampling.LANCZOS, reducing_gap=2.0)
        picture.convert("RGB").save(target := out.with_suffix(".jpg"), "JPEG", quality=85)
    elif source_format == "JPEG" and not request["mask"]:
        target = out.with_suffix(".jpg")
        picture.save(target, "JPEG", quality=95, subsampling=0, exif=b"", icc_profile=icc_profile)
    else:
        target = out.with_suffix(".png")
        picture.save(target, "PNG", compress_level=3, icc_profile=icc_profile)
    return target


if __name__ == "__main__":
    main()

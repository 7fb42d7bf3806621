"""`python -m backend.engines.upscale.child_resample ORDER`: one picture, larger. Says one JSON line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter


def main() -> None:
    order = json.loads(sys.argv[1])
    try:
        answer = enlarge(Path(order["picture"]), Path(order["out"]), order["scale"], order["max_pixels"])
    except (OSError, ValueError, SyntaxError):
        answer = {"refused": "This picture cannot be read. Choose another picture."}
    except MemoryError:
        answer = {"refused": "There was not enough memory to enlarge this picture. Choose a smaller factor."}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def enlarge(picture: Path, out: Path, scale: int, max_pixels: int) -> dict[str, Any]:
    """In steps of two, each sharpened a little: one large step rings at edges."""
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before any pixel is decoded
    with Image.open(picture) as opened:
        width, height = opened.width * scale, opened.height * scale
        if width * height > max_pixels:
            most = f"{max_pixels / 1e6:.0f} million pixels"
            return {"refused": f"{width:,} × {height:,} px is more than {most}. Choose a smaller factor."}
        image = opened.convert("RGB")
    left = scale
    while left > 1:
        step = 2 if left % 2 == 0 else left
        image = image.resize((image.width * step, image.height * step), Image.Resampling.LANCZOS)
        image = image.filter(ImageFilter.UnsharpMask(radius=1.2, percent=45, threshold=2))
        left //= step
    part = out.with_suffix(".part")
    image.save(part, "PNG", compress_level=3)
    part.replace(out)
    return {"path": str(out), "width": width, "height": height}


if __name__ == "__main__":
    main()

"""`python -m backend.media.images.picture_out_child QUESTION`: one picture as a plain JPEG; the answer is one JSON line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps

from backend.media.images.picture_texts import source_type_of
from backend.media.images.pictures_child import plain

_TRIES = ((92, 0), (92, 2), (85, 2), (78, 2), (70, 2))
"""Quality and chroma subsampling (0: 4:4:4, 2: 4:2:0), the best first."""
_SMALLER = 0.85


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None  # checked when the picture was taken in
    try:
        answer = write(json.loads(sys.argv[1]))
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, IndexError, Image.DecompressionBombError) as error:
        answer = {"refused": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def write(question: dict[str, Any]) -> dict[str, Any]:
    with Image.open(question["path"]) as opened:
        said = source_type_of(opened)
        picture = plain(_srgb(ImageOps.exif_transpose(opened)))
    wide, high = picture.width / question["of"][0], picture.height / question["of"][1]
    x, y, width, height = question["box"]
    box = round(x * wide), round(y * high), round((x + width) * wide), round((y + height) * high)
    if box != (0, 0, *picture.size):
        picture = picture.crop(box)
    picture = _scaled(picture, *question["size"])
    data = _encoded(picture, question["max_bytes"])
    while data is None:
        picture = _scaled(picture, max(1, round(picture.width * _SMALLER)), max(1, round(picture.height * _SMALLER)))
        data = _encoded(picture, question["max_bytes"])
    Path(question["out"]).write_bytes(data)
    return {"width": picture.width, "height": picture.height, "source_type": said}


def _srgb(picture: Image.Image) -> Image.Image:
    """Platforms take sRGB; a wider profile that is only dropped looks dull."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError):
        return picture
    return made or picture


def _scaled(picture: Image.Image, width: int, height: int) -> Image.Image:
    if picture.size == (width, height):
        return picture
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _encoded(picture: Image.Image, most: int | None) -> bytes | None:
    """None: too large at any quality that still looks good."""
    picture.info.clear()
    for quality, subsampling in _TRIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, subsampling=subsampling, optimize=True, progressive=False)
        if most is None or out.tell() <= most or max(picture.size) <= 64:
            return out.getvalue()
    return None


if __name__ == "__main__":
    main()

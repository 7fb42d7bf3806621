"""`python -m backend.media.images.picture_out_child REQUEST`: writes one picture as a plain JPEG; answers with a JSON line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps

from backend.media.images.pictures_child import read_source_type
from backend.media.images.plain_rgb import to_plain_rgb

_QUALITIES = ((92, 0), (92, 2), (85, 2), (78, 2), (70, 2))
"""Quality and chroma subsampling (0: 4:4:4, 2: 4:2:0), the best first."""
_SHRINK_FACTOR = 0.85


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None  # checked when the picture was taken in
    try:
        answer = write(json.loads(sys.argv[1]))
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, IndexError, Image.DecompressionBombError) as error:
        answer = {"refused": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def write(request: dict[str, Any]) -> dict[str, Any]:
    with Image.open(request["path"]) as opened:
        source_type = read_source_type(opened)
        picture = to_plain_rgb(_to_srgb(ImageOps.exif_transpose(opened)))
    scale_x, scale_y = picture.width / request["of"][0], picture.height / request["of"][1]
    x, y, width, height = request["box"]
    box = round(x * scale_x), round(y * scale_y), round((x + width) * scale_x), round((y + height) * scale_y)
    if box != (0, 0, *picture.size):
        picture = picture.crop(box)
    picture = _resize(picture, *request["size"])
    data = _encode_jpeg(picture, request["max_bytes"])
    while data is None:
        picture = _resize(
            picture, max(1, round(picture.width * _SHRINK_FACTOR)), max(1, round(picture.height * _SHRINK_FACTOR))
        )
        data = _encode_jpeg(picture, request["max_bytes"])
    Path(request["out"]).write_bytes(data)
    return {"width": picture.width, "height": picture.height, "source_type": source_type}


def _to_srgb(picture: Image.Image) -> Image.Image:
    """Converts to sRGB, which platforms expect: dropping a wider profile without converting makes colours dull."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError):
        return picture
    return converted or picture


def _resize(picture: Image.Image, width: int, height: int) -> Image.Image:
    if picture.size == (width, height):
        return picture
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _encode_jpeg(picture: Image.Image, max_bytes: int | None) -> bytes | None:
    """None: larger than `max_bytes` at every acceptable quality."""
    picture.info.clear()
    for quality, subsampling in _QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling=subsampling, optimize=True, progressive=False)
        if max_bytes is None or buffer.tell() <= max_bytes or max(picture.size) <= 64:
            return buffer.getvalue()
    return None


if __name__ == "__main__":
    main()

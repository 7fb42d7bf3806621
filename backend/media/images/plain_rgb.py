"""Any picture as plain pixels. Imported by child processes, so it imports little."""

from __future__ import annotations

from PIL import Image, ImageOps


def to_plain_rgb(picture: Image.Image) -> Image.Image:
    """8-bit RGB, upright."""
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith(("I", "F")):
        import numpy as np  # late: a child that only looks at pictures starts in half the time without it

        values = np.asarray(upright, dtype=np.float64)
        max_value = 65535.0 if values.max(initial=0) > 255 else 255.0
        upright = Image.fromarray(np.clip(values * (255.0 / max_value), 0, 255).astype(np.uint8))
    if "A" in upright.getbands() or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        background = Image.new("RGBA", upright.size, "white")
        background.alpha_composite(upright)
        upright = background
    return upright if upright.mode == "RGB" else upright.convert("RGB")

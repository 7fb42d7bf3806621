"""The dataset for sd-scripts: one folder of PNG files with captions, and the TOML that describes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from PIL import Image, ImageOps

from backend.engines.ports.trainer import TrainImage, TrainParams
from backend.errors import Rejected

_STEP = 64


def write_pictures(images: Sequence[TrainImage], folder: Path, side: int) -> Iterator[int]:
    """Writes `00000.png` and `00000.txt` and so on: upright, cropped, no larger than needed; a mask becomes the alpha channel.

    Yields how many are done. Raises Rejected naming an unreadable picture: sd-scripts would end with a ZeroDivisionError
    that names none (docs/contracts/kohya.md, 7).
    """
    folder.mkdir(parents=True)
    for n, image in enumerate(images):
        try:
            _prepared_picture(image, side).save(folder / f"{n:05d}.png", compress_level=1)
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise Rejected(f"Picture {n + 1} of the dataset cannot be read. Remove it and start the training again.") from error
        # One line: sd-scripts read only the first, and fail on an empty file.
        if caption := " ".join(image.caption.split()):
            (folder / f"{n:05d}.txt").write_text(caption, "utf-8")
        yield n + 1


def config(params: TrainParams, folder: Path, *, micro_batch: int, drop_captions: bool, masks: bool) -> dict[str, Any]:
    """The dataset_config, with each key at the level their schema allows (docs/contracts/kohya.md, 3)."""
    subset: dict[str, Any] = {
        "image_dir": str(folder),
        "num_repeats": params.repeats,
        "flip_aug": params.flip,
        "caption_dropout_rate": params.caption_dropout if drop_captions else 0.0,
    }
    if masks:
        subset["alpha_mask"] = True
    dataset = {
        "resolution": params.resolution,
        "batch_size": micro_batch,
        "enable_bucket": True,
        "min_bucket_reso": max(_STEP, params.resolution // 2 // _STEP * _STEP),
        "max_bucket_reso": -(-params.resolution * 2 // _STEP) * _STEP,
        "bucket_reso_steps": _STEP,
        "subsets": [subset],
    }
    # Without caption_extension the .txt files are ignored with only a warning.
    return {"general": {"caption_extension": ".txt", "shuffle_caption": False}, "datasets": [dataset]}


def write_config(path: Path, config: dict[str, Any]) -> Path:
    path.write_bytes(tomli_w.dumps(config).encode())
    return path


def _prepared_picture(image: TrainImage, side: int) -> Image.Image:
    with Image.open(image.path) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    if image.mask is not None:
        with Image.open(image.mask) as opened:
            upright.putalpha(ImageOps.exif_transpose(opened).convert("L").resize(upright.size))
    if image.crop:
        x, y, width, height = image.crop
        upright = upright.crop((x, y, x + width, y + height))
    # Twice the training size is enough, and small files load much faster.
    shrink = 2 * side / min(upright.size)
    if shrink >= 1:
        return upright
    return upright.resize([max(1, round(length * shrink)) for length in upright.size], Image.Resampling.LANCZOS)

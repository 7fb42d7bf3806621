"""The dataset for sd-scripts: one folder of PNG files with captions, and the TOML that describes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from PIL import Image, ImageOps

from backend.engines.ports.trainer import TrainImage, TrainParams
from backend.errors import Rejected
from backend.language import tr_lazy

_STEP = 64


def write_pictures(images: Sequence[TrainImage], folder: Path, side: int) -> Iterator[int]:
    """Writes `00000.png` and `00000.txt` and so on: upright, cropped, no larger than needed; a mask becomes the alpha channel.
    Pictures with the same repeats go into a folder of their own within `folder`, named as by people (`10_pictures`).

    Yields how many are done. Raises Rejected naming an unreadable picture: sd-scripts would end with a ZeroDivisionError
    that names none (docs/contracts/kohya.md, 7).
    """
    for repeats in {image.repeats for image in images}:
        _subset_folder(folder, repeats).mkdir(parents=True)
    for n, image in enumerate(images):
        path = _subset_folder(folder, image.repeats) / f"{n:05d}.png"
        try:
            _prepared_picture(image, side).save(path, compress_level=1)
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise Rejected(
                tr_lazy("Picture {n} of the dataset cannot be read. Remove it and start the training again.", n=n + 1)
            ) from error
        # One line: sd-scripts read only the first, and fail on an empty file.
        if caption := " ".join(image.caption.split()):
            path.with_suffix(".txt").write_text(caption, "utf-8")
        yield n + 1


def config(
    params: TrainParams,
    images: Sequence[TrainImage],
    folder: Path,
    *,
    micro_batch: int,
    drop_captions: bool,
) -> dict[str, Any]:
    """The dataset_config, with each key at the level their schema allows (docs/contracts/kohya.md, 3): one subset for each
    number of repeats, in the folders of `write_pictures`."""
    subset: dict[str, Any] = {
        "flip_aug": params.flip,
        "caption_dropout_rate": params.caption_dropout if drop_captions else 0.0,
    }
    if any(image.mask for image in images):
        subset["alpha_mask"] = True
    subsets = [
        {"image_dir": str(_subset_folder(folder, repeats)), "num_repeats": repeats * params.repeats, **subset}
        for repeats in sorted({image.repeats for image in images})
    ]
    width, height = params.sides
    dataset = {
        "resolution": width if width == height else [width, height],
        "batch_size": micro_batch,
        "enable_bucket": True,
        "min_bucket_reso": max(_STEP, min(width, height) // 2 // _STEP * _STEP),
        "max_bucket_reso": -(-max(width, height) * 2 // _STEP) * _STEP,
        "bucket_reso_steps": _STEP,
        "subsets": subsets,
    }
    # Without caption_extension the .txt files are ignored with only a warning.
    return {"general": {"caption_extension": ".txt", "shuffle_caption": False}, "datasets": [dataset]}


def _subset_folder(folder: Path, repeats: int) -> Path:
    return folder / f"{repeats}_pictures"


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

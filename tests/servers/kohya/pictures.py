"""dataset_config as strictly as the real sanitizer takes it, and what is found in the folders (kohya.md, 3)."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from voluptuous import Any as Either
from voluptuous import ExactSequence, Required, Schema

_NUMBER = Either(float, int)
_EVERYWHERE: dict[Any, Any] = {
    "num_repeats": int,
    "keep_tokens": int,
    "shuffle_caption": bool,
    "flip_aug": bool,
    "color_aug": bool,
    "random_crop": bool,
    "caption_prefix": str,
    "caption_suffix": str,
    "caption_separator": str,
    "enable_wildcard": bool,
    "caption_dropout_rate": _NUMBER,
    "caption_dropout_every_n_epochs": int,
    "caption_tag_dropout_rate": _NUMBER,
    "caption_extension": str,
    "class_tokens": str,
    "cache_info": bool,
    "resize_interpolation": str,
}
_DATASET: dict[Any, Any] = {
    "resolution": Either(int, ExactSequence([int, int])),
    "batch_size": int,
    "enable_bucket": bool,
    "min_bucket_reso": int,
    "max_bucket_reso": int,
    "bucket_reso_steps": int,
    "bucket_no_upscale": bool,
    "network_multiplier": _NUMBER,
}
_SUBSET: dict[Any, Any] = {**_EVERYWHERE, Required("image_dir"): str, "is_reg": bool, "alpha_mask": bool}
_SCHEMA = Schema(
    {
        "general": {**_EVERYWHERE, **_DATASET},
        Required("datasets"): [{**_EVERYWHERE, **_DATASET, Required("subsets"): [_SUBSET]}],
    }
)
_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}


@dataclass
class Found:
    """`images`: path -> caption. `batches`: of one epoch."""

    images: dict[Path, str] = field(default_factory=dict)
    repeats: int = 1
    batches: int = 0
    dropout: float = 0.0
    steps: int = 64
    warnings: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.images) * self.repeats


def load(path: Path) -> Found:
    """Raises as the real one does: MultipleInvalid, AssertionError (bucket), ZeroDivisionError (unreadable picture)."""
    if not path.is_file():
        raise ValueError(f"file not found: {path}")
    config = tomllib.loads(path.read_text("utf-8"))
    _SCHEMA(config)
    general = config.get("general", {})
    pictures = Found()
    for dataset in config["datasets"]:
        around = {**general, **dataset}
        side = around["resolution"] if isinstance(around["resolution"], int) else min(around["resolution"])
        if around.get("enable_bucket"):
            least = around.get("min_bucket_reso", 256)  # also the default of 256 must not be larger (kohya.md, 3)
            assert least <= side, "min_bucket_reso must be equal or less than resolution"
            pictures.steps = around.get("bucket_reso_steps", 64)
        for subset in dataset["subsets"]:
            _subset({**around, **subset}, pictures)
        pictures.batches += math.ceil(pictures.count / around.get("batch_size", 1))
    return pictures


def _subset(values: dict[str, Any], pictures: Found) -> None:
    folder = Path(values["image_dir"])
    if not folder.is_dir():
        pictures.warnings.append(f"not directory: {folder}")
        return
    extension = values.get("caption_extension", ".caption")  # the default passes .txt by (kohya.md, 3)
    pictures.repeats = values.get("num_repeats", 1)  # a folder's name gives none here (kohya.md, 3)
    pictures.dropout = max(pictures.dropout, values.get("caption_dropout_rate", 0.0))
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES):
        caption = path.with_suffix(extension)
        if caption.is_file():
            lines = caption.read_text("utf-8").splitlines()
            assert len(lines) > 0, f"caption file is empty: {caption}"
            pictures.images[path] = lines[0].strip()
        else:
            pictures.images[path] = values.get("class_tokens", "")
            pictures.warnings.append(f"No caption file found for {path.name}")
        _size(path)


def _size(path: Path) -> None:
    try:
        with Image.open(path) as picture:
            width, height = picture.size
    except OSError:
        width = height = 0
    width / height  # ZeroDivisionError without the file's name, as theirs (kohya.md, 7)

"""Writes a trained model as a folder that the studio reads, in files small enough to be bundled."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

MAX_FILE_SIZE = "15MB"


def save(out: Path, *, unet: Any, text: Any, codec: Any, tokenizer: Any, scheduler: Any, dtype: Any = torch.float32) -> None:
    """A model folder in diffusers format under `out`."""
    for part, name in ((unet, "unet"), (text, "text_encoder"), (codec, "vae")):
        for old in (out / name).glob("*.safetensors*"):
            old.unlink()
        whole = part if dtype == torch.float32 else copy.deepcopy(part).to(dtype)
        whole.save_pretrained(out / name, max_shard_size=MAX_FILE_SIZE)
        for file in (out / name).glob("*.safetensors"):
            file.chmod(0o644)
    for name in ("unet", "text_encoder", "vae"):
        _clean_config(out / name / "config.json")
    tokenizer.save_pretrained(out / "tokenizer")
    scheduler.save_pretrained(out / "scheduler")
    (out / "model_index.json").write_text(json.dumps(_index(codec), indent=2) + "\n", "utf-8")


@torch.no_grad()  # type: ignore[untyped-decorator]
def copy_weights(targets: list[Any], sources: list[torch.Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


def tensor(pixels: np.ndarray[Any, Any]) -> torch.Tensor:
    """(N, H, W, 3) bytes to (N, 3, H, W) in -1..1."""
    return torch.from_numpy(pixels.copy()).movedim(-1, 1).float() / 127.5 - 1


def _clean_config(file: Path) -> None:
    """Removes this machine's folder from a config, and sets single precision: transformers loads a part in the config's
    precision, diffusers in single, and a mixture cannot draw."""
    config = json.loads(file.read_text("utf-8"))
    config.pop("_name_or_path", None)
    config |= {"dtype": "float32"} if "dtype" in config else {}
    file.write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def _index(codec: Any) -> dict[str, Any]:
    none = ["safety_checker", "feature_extractor", "image_encoder"]
    return {
        "_class_name": "StableDiffusionPipeline",
        **{name: [None, None] for name in none},
        "requires_safety_checker": False,
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", type(codec).__name__],
    }

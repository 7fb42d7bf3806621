"""Tells the model family of a checkpoint file from its safetensors header; loads no weights and trusts no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.errors import Invalid
from backend.media.model_files import safetensors
from backend.media.model_files.safetensors import Tensor

_UNET = "model.diffusion_model."
_TEXT_WIDTHS = {768: "sd15", 1024: "sd21", 2048: "sdxl"}
_LATENT_CHANNELS = 4


@dataclass(frozen=True, slots=True)
class CheckpointInfo:
    """`family`: `sd15`, `sd21`, `sdxl`, `flux`, or "" for others. `inpainting`: its U-Net also reads a mask and a picture."""

    family: str
    inpainting: bool = False


def checkpoint_family(path: Path) -> str:
    """`sd15`, `sd21`, `sdxl` or `flux`; "" for other families, and for files that are missing or no whole safetensors file."""
    try:
        return inspect(path).family
    except (OSError, Invalid):
        return ""


def inspect(path: Path) -> CheckpointInfo:
    """Judged by the names and shapes of its tensors. Raises Invalid (no whole safetensors file), OSError (no such file)."""
    tensors, _ = safetensors.read_header(path)
    if _is_flux(tensors):
        return CheckpointInfo("flux")
    # Video models have an SD U-Net with layers over time in it.
    if any(key.startswith(_UNET) and ".time_stack." in key for key in tensors):
        return CheckpointInfo("")
    family_name = _TEXT_WIDTHS.get(_text_width(tensors), "")
    channels = _dimension(tensors, f"{_UNET}input_blocks.0.0.weight", 1)
    if not family_name or channels < _LATENT_CHANNELS:
        return CheckpointInfo("")
    return CheckpointInfo(family_name, inpainting=channels > _LATENT_CHANNELS)


def _is_flux(tensors: Mapping[str, Tensor]) -> bool:
    """FLUX.1: its blocks with or without ComfyUI's prefix. FLUX.2 shares one modulation between them and is another kind."""
    names = {key.removeprefix(_UNET) for key in tensors}
    return {"double_blocks.0.img_attn.qkv.weight", "double_blocks.0.img_mod.lin.weight", "img_in.weight"} <= names


def _text_width(tensors: Mapping[str, Tensor]) -> int:
    """Width of the text that the first cross-attention reads: 768 (SD 1.x), 1024 (2.x), 2048 (XL), 1280 (XL refiner)."""
    keys = sorted(key for key in tensors if key.startswith(f"{_UNET}input_blocks.") and key.endswith(".attn2.to_k.weight"))
    return _dimension(tensors, keys[0], 1) if keys else 0


def _dimension(tensors: Mapping[str, Tensor], key: str, axis: int) -> int:
    tensor = tensors.get(key)
    return tensor.shape[axis] if tensor and len(tensor.shape) > axis else 0

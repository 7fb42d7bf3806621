"""Which family a checkpoint file belongs to, from its safetensors header alone: loads no weights, trusts no file."""

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
class CheckpointCard:
    """`family`: `sd15`, `sd21`, `sdxl`, `flux`; "" is none of these. `inpainting`: it also reads a mask and a picture."""

    family: str
    inpainting: bool = False


def family(path: Path) -> str:
    """`sd15`, `sd21`, `sdxl` or `flux`; "" when it is another kind, broken, cut off, gone or no safetensors file."""
    try:
        return inspect(path).family
    except (OSError, Invalid):
        return ""


def inspect(path: Path) -> CheckpointCard:
    """What the names and shapes of its tensors say. Raises Invalid when it is no whole safetensors file, OSError when gone."""
    tensors, _ = safetensors.header(path)
    if _is_flux(tensors):
        return CheckpointCard("flux")
    # Video models have an SD U-Net with layers over time in it.
    if any(key.startswith(_UNET) and ".time_stack." in key for key in tensors):
        return CheckpointCard("")
    found = _TEXT_WIDTHS.get(_text_width(tensors), "")
    channels = _side(tensors, f"{_UNET}input_blocks.0.0.weight", 1)
    if not found or channels < _LATENT_CHANNELS:
        return CheckpointCard("")
    return CheckpointCard(found, inpainting=channels > _LATENT_CHANNELS)


def _is_flux(tensors: Mapping[str, Tensor]) -> bool:
    """FLUX.1: its blocks with or without ComfyUI's prefix. FLUX.2 shares one modulation between them and is another kind."""
    names = {key.removeprefix(_UNET) for key in tensors}
    return {"double_blocks.0.img_attn.qkv.weight", "double_blocks.0.img_mod.lin.weight", "img_in.weight"} <= names


def _text_width(tensors: Mapping[str, Tensor]) -> int:
    """Width of the text that the first cross-attention reads: 768 (SD 1.x), 1024 (2.x), 2048 (XL), 1280 (XL refiner)."""
    keys = sorted(key for key in tensors if key.startswith(f"{_UNET}input_blocks.") and key.endswith(".attn2.to_k.weight"))
    return _side(tensors, keys[0], 1) if keys else 0


def _side(tensors: Mapping[str, Tensor], key: str, at: int) -> int:
    tensor = tensors.get(key)
    return tensor.shape[at] if tensor and len(tensor.shape) > at else 0

"""Metadata of LoRA files for other programs: Stability's ModelSpec 1.0, beside kohya's `ss_` keys. Pure."""

from __future__ import annotations

_STABILITY = "https://github.com/Stability-AI/generative-models"
_ARCHITECTURES = {"sd15": "stable-diffusion-v1", "sd21": "stable-diffusion-v2", "sdxl": "stable-diffusion-xl-v1-base"}
KOHYA_BASES = {"sd15": "sd_v1", "sd21": "sd_v2", "sdxl": "sdxl_base_v1-0"}
"""Base -> `ss_base_model_version`."""


def lora_metadata(base: str, *, step: int = 0, sides: tuple[int, int] | None = None, velocity: bool = False) -> dict[str, str]:
    """The required fields of a LoRA, and the optional ones that are known. No names and dates, because files are shared.

    `step` and `sides` (px) of its training, 0 and None: not known. `velocity`: the model predicts velocity, not noise.
    """
    fields = {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": f"{_ARCHITECTURES.get(base, base)}/lora",
        "modelspec.implementation": _STABILITY if base == "sdxl" else "diffusers",
        "modelspec.title": f"LoRA, {step} steps" if step else "LoRA",
    }
    if sides:
        fields["modelspec.resolution"] = f"{sides[0]}x{sides[1]}"
        fields["modelspec.prediction_type"] = "v" if velocity else "epsilon"
    return fields

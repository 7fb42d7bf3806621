"""Converts LoRAs from diffusers' and PEFT's tensor names to kohya's; the weights stay byte for byte."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.errors import Invalid
from backend.language import tr_lazy
from backend.media.model_files import safetensors
from backend.media.model_files.safetensors import Tensor

_KINDS = {"lora_A": "lora_down", "lora_B": "lora_up", "down": "lora_down", "up": "lora_up"}
_PAIR = re.compile(
    r"(?P<module>.+)\."
    r"(?:(?P<peft>lora_[AB])(?:\.\w+)?|(?:lora|lora_linear_layer)\.(?P<old>down|up)|lora_(?P<kohya>down|up))\.weight"
)
_OLD_PAIR = re.compile(r"(?P<module>.+?)(?:\.processor)?\.to_(?P<part>q|k|v|out)_lora\.(?P<old>down|up)\.weight")
_ALPHA = re.compile(r"(?P<module>.+?)(?:\.processor)?(?:\.to_(?P<part>q|k|v|out)_lora)?\.alpha")
_PREFIX = re.compile(r"(?:(unet|text_encoder|text_encoder_2)\.)?(?:base_model\.model\.)?(.+)")
_CONFIG = "lora_adapter_metadata"
_NO_ALPHA = tr_lazy(
    "PEFT keeps the alpha in adapter_config.json, which was not uploaded: it is taken to be the rank. If pictures come out too "
    "strong or too weak, change the LoRA's weight."
)


def kohya_names(names: Mapping[str, Tensor]) -> dict[str, str]:
    """Name in the file -> kohya's name. Raises Invalid for a tensor without one, and when two get the same."""
    encoder = "lora_te1" if any(name.startswith("text_encoder_2.") for name in names) or _is_sdxl(names) else "lora_te"
    kohya_names = {name: f"{_kohya_module(path, encoder)}.{kind}" for name in names for path, kind in (_parse_name(name),)}
    if len(set(kohya_names.values())) < len(kohya_names):
        raise Invalid(tr_lazy("Two tensors of this LoRA are meant for the same place. Export it again, with one adapter only."))
    return kohya_names


def convert(path: Path, target: Path, extra_metadata: Mapping[str, str]) -> str:
    """Writes `path` to `target` in kohya's layout with `extra_metadata`; returns a remark about its strength, or "".

    Each module gets an alpha. Where the file has none, diffusers and PEFT use the product unscaled, so alpha is the rank.
    Raises Invalid.
    """
    tensors, metadata = safetensors.read_header(path)
    new_names = kohya_names(tensors)
    renamed_tensors = {new_names[name]: tensor for name, tensor in tensors.items()}
    config = _config(metadata)
    alphas, note = {}, ""
    for name, tensor in tensors.items():
        module, _, kind = new_names[name].partition(".")
        if kind == "lora_down.weight" and f"{module}.alpha" not in renamed_tensors:
            alphas[f"{module}.alpha"] = _alpha(name, tensor.shape[0] if tensor.shape else 0, config)
    if not config and any("base_model.model." in name for name in tensors):
        note = _NO_ALPHA
    new_metadata = {key: value for key, value in metadata.items() if key != _CONFIG} | dict(extra_metadata)
    _write(path, target, renamed_tensors, alphas, new_metadata)
    return note


def _is_sdxl(names: Mapping[str, Tensor]) -> bool:
    """Only SDXL's U-Net has several transformer layers in a block and reads text embeddings of width 2048."""
    return any(".transformer_blocks.1." in name for name in names) or any(
        ".attn2." in name and len(tensor.shape) > 1 and tensor.shape[1] == 2048 for name, tensor in names.items()
    )


def _parse_name(name: str) -> tuple[str, str]:
    """(module path as diffusers writes it, kohya's tensor kind such as `lora_down.weight`)."""
    if match := _PAIR.fullmatch(name):
        kind = match["peft"] or match["old"] or match["kohya"]
        return match["module"], f"{_KINDS[kind]}.weight"
    if match := _OLD_PAIR.fullmatch(name):
        return f"{match['module']}.to_{match['part']}", f"{_KINDS[match['old']]}.weight"
    if match := _ALPHA.fullmatch(name):
        return (f"{match['module']}.to_{match['part']}" if match["part"] else match["module"]), "alpha"
    raise Invalid(
        tr_lazy(
            "This LoRA has a tensor the studio cannot place: {name}. Export it again without biases and extras.",
            name=name[:120],
        )
    )


def _kohya_module(module_path: str, encoder: str) -> str:
    match = _PREFIX.fullmatch(module_path)
    assert match, "it matches any text"
    part, path = match[1] or "", match[2].replace(".processor", "")
    is_text_encoder = part.startswith("text_encoder") or path.startswith(("text_model.", "encoder.layers.", "text_projection"))
    if not is_text_encoder:
        return "lora_unet_" + re.sub(r"\.to_out$", ".to_out.0", path).replace(".", "_")
    path = re.sub(r"\.self_attn\.to_(q|k|v|out)$", r".self_attn.\1_proj", path)
    if path.startswith("encoder."):  # newer transformers leave it out
        path = f"text_model.{path}"
    return f"{'lora_te2' if part == 'text_encoder_2' else encoder}_{path.replace('.', '_')}"


def _config(metadata: Mapping[str, str]) -> dict[str, Any]:
    """PEFT's settings as diffusers stores them: `unet.lora_alpha`, `unet.alpha_pattern`, `unet.use_rslora` and so on."""
    try:
        config = json.loads(metadata.get(_CONFIG, "{}"))
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


def _alpha(name: str, rank: int, config: Mapping[str, Any]) -> float:
    """The alpha with which kohya's scale (alpha / rank) equals PEFT's."""
    part = next((prefix for prefix in ("text_encoder_2", "text_encoder", "unet") if name.startswith(f"{prefix}.")), "")

    def setting(key: str) -> Any:
        return config.get(f"{part}.{key}", config.get(key))

    alpha, module_path = setting("lora_alpha"), _parse_name(name)[0].removeprefix(f"{part}.")
    patterns = setting("alpha_pattern")
    for pattern, value in patterns.items() if isinstance(patterns, dict) else ():
        if f".{module_path}".endswith(f".{pattern.removeprefix('^')}"):
            alpha = value
    if not isinstance(alpha, (int, float)) or isinstance(alpha, bool):
        return float(rank)
    return float(alpha) * math.sqrt(rank) if setting("use_rslora") else float(alpha)


def _write(
    path: Path, target: Path, tensors: Mapping[str, Tensor], alphas: Mapping[str, float], metadata: Mapping[str, str]
) -> None:
    """Writes the alphas first, as 4-byte numbers, then the old data unchanged, so that every tensor stays aligned."""
    data_start = min((tensor.start for tensor in tensors.values()), default=0)
    new_alphas = [*alphas.items()]
    table: dict[str, Any] = {"__metadata__": dict(metadata)}
    for n, (name, _) in enumerate(new_alphas):
        table[name] = {"dtype": "F32", "shape": [], "data_offsets": [4 * n, 4 * n + 4]}
    shift = 4 * len(new_alphas) - data_start
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].start):
        offsets = [tensor.start + shift, tensor.end + shift]
        table[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": offsets}
    header = json.dumps(table, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with path.open("rb") as source, target.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.write(struct.pack(f"<{len(new_alphas)}f", *(alpha for _, alpha in new_alphas)))
        source.seek(data_start)
        shutil.copyfileobj(source, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())

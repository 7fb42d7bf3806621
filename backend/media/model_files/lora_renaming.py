"""LoRAs in diffusers' and PEFT's names, renamed to kohya's: the numbers stay as they are, byte for byte."""

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
_NO_ALPHA = (
    "PEFT keeps the alpha in adapter_config.json, which was not uploaded: it is taken to be the rank. If pictures come out too "
    "strong or too weak, change the LoRA's weight."
)


def renamed(names: Mapping[str, Tensor]) -> dict[str, str]:
    """Name in the file -> kohya's. Raises Invalid naming the first that has none, and when two become one."""
    encoder = "lora_te1" if any(name.startswith("text_encoder_2.") for name in names) or _is_xl(names) else "lora_te"
    found = {name: f"{_module(place, encoder)}.{kind}" for name in names for place, kind in (_split(name),)}
    if len(set(found.values())) < len(found):
        raise Invalid("Two tensors of this LoRA are meant for the same place. Export it again, with one adapter only.")
    return found


def convert(path: Path, target: Path, added: Mapping[str, str]) -> str:
    """Writes `path` to `target` in kohya's layout with `added` metadata; returns what to know of its strength ("" mostly).

    Each module gets an alpha. Where the file says none, diffusers and PEFT add the whole product: alpha is the rank.
    Raises Invalid.
    """
    tensors, metadata = safetensors.header(path)
    names = renamed(tensors)
    kohya = {names[name]: tensor for name, tensor in tensors.items()}
    config = _config(metadata)
    alphas, note = {}, ""
    for name, tensor in tensors.items():
        module, _, kind = names[name].partition(".")
        if kind == "lora_down.weight" and f"{module}.alpha" not in kohya:
            alphas[f"{module}.alpha"] = _alpha(name, tensor.shape[0] if tensor.shape else 0, config)
    if not config and any("base_model.model." in name for name in tensors):
        note = _NO_ALPHA
    kept = {key: value for key, value in metadata.items() if key != _CONFIG} | dict(added)
    _write(path, target, kohya, alphas, kept)
    return note


def _is_xl(names: Mapping[str, Tensor]) -> bool:
    """XL's U-Net is the only one with more than one transformer layer in a row, and reads 2048 wide text."""
    return any(".transformer_blocks.1." in name for name in names) or any(
        ".attn2." in name and len(tensor.shape) > 1 and tensor.shape[1] == 2048 for name, tensor in names.items()
    )


def _split(name: str) -> tuple[str, str]:
    """A module's path as diffusers writes it, and which of its tensors this is."""
    if found := _PAIR.fullmatch(name):
        kind = found["peft"] or found["old"] or found["kohya"]
        return found["module"], f"{_KINDS[kind]}.weight"
    if found := _OLD_PAIR.fullmatch(name):
        return f"{found['module']}.to_{found['part']}", f"{_KINDS[found['old']]}.weight"
    if found := _ALPHA.fullmatch(name):
        return (f"{found['module']}.to_{found['part']}" if found["part"] else found["module"]), "alpha"
    raise Invalid(f"This LoRA has a tensor the studio cannot place: {name[:120]}. Export it again without biases and extras.")


def _module(place: str, encoder: str) -> str:
    found = _PREFIX.fullmatch(place)
    assert found, "it matches any text"
    part, path = found[1] or "", found[2].replace(".processor", "")
    text = part.startswith("text_encoder") or path.startswith(("text_model.", "encoder.layers.", "text_projection"))
    if not text:
        return "lora_unet_" + re.sub(r"\.to_out$", ".to_out.0", path).replace(".", "_")
    path = re.sub(r"\.self_attn\.to_(q|k|v|out)$", r".self_attn.\1_proj", path)
    if path.startswith("encoder."):  # newer transformers leave it out
        path = f"text_model.{path}"
    return f"{'lora_te2' if part == 'text_encoder_2' else encoder}_{path.replace('.', '_')}"


def _config(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What diffusers keeps of PEFT's settings: `unet.lora_alpha`, `unet.alpha_pattern`, `unet.use_rslora` and so on."""
    try:
        found = json.loads(metadata.get(_CONFIG, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _alpha(name: str, rank: int, config: Mapping[str, Any]) -> float:
    """By which kohya's alpha / rank is what PEFT multiplies with."""
    part = next((head for head in ("text_encoder_2", "text_encoder", "unet") if name.startswith(f"{head}.")), "")

    def said(key: str) -> Any:
        return config.get(f"{part}.{key}", config.get(key))

    alpha, place = said("lora_alpha"), _split(name)[0].removeprefix(f"{part}.")
    patterns = said("alpha_pattern")
    for pattern, value in patterns.items() if isinstance(patterns, dict) else ():
        if f".{place}".endswith(f".{pattern.removeprefix('^')}"):
            alpha = value
    if not isinstance(alpha, (int, float)) or isinstance(alpha, bool):
        return float(rank)
    return float(alpha) * math.sqrt(rank) if said("use_rslora") else float(alpha)


def _write(
    path: Path, target: Path, tensors: Mapping[str, Tensor], alphas: Mapping[str, float], metadata: Mapping[str, str]
) -> None:
    """The alphas first, as 4-byte numbers, then the old bytes as they lie: every tensor stays aligned."""
    first = min((tensor.start for tensor in tensors.values()), default=0)
    spare = [*alphas.items()]
    table: dict[str, Any] = {"__metadata__": dict(metadata)}
    for n, (name, _) in enumerate(spare):
        table[name] = {"dtype": "F32", "shape": [], "data_offsets": [4 * n, 4 * n + 4]}
    shift = 4 * len(spare) - first
    for name, tensor in sorted(tensors.items(), key=lambda one: one[1].start):
        offsets = [tensor.start + shift, tensor.end + shift]
        table[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": offsets}
    head = json.dumps(table, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with path.open("rb") as source, target.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        file.write(struct.pack(f"<{len(spare)}f", *(alpha for _, alpha in spare)))
        source.seek(first)
        shutil.copyfileobj(source, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())

"""The only process that opens uploaded LoRAs. One JSON request, one answer.

`python -m backend.media.model_files.lora_check_child`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backend.errors import Invalid
from backend.language import stored, tr_lazy
from backend.media.model_files import lora_key_names, lora_layouts, modelspec, safetensors, sd_layers
from backend.media.model_files.safetensors import Tensor

_OWN_FAMILY = "starter-"
_FLOAT_DTYPES = {"F32", "F16", "BF16", "F64", "F8_E4M3", "F8_E5M2"}


def main() -> None:
    request = json.loads(sys.stdin.readline())
    try:
        answer = check(Path(request["path"]), Path(request["out"]))
    except Invalid as error:
        answer = {"reason": stored(error.message)}
    except MemoryError:
        message = tr_lazy("Checking this file needs too much memory. Export the LoRA again and upload that.")
        answer = {"reason": stored(message)}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def check(path: Path, out: Path) -> dict[str, Any]:
    """The fields of `lora_check.CheckedLora`. Raises Invalid with a sentence for people."""
    tensors, metadata = safetensors.read_header(path)
    layout = lora_layouts.layout_of(tensors)
    if layout in lora_layouts.REFUSALS:
        raise Invalid(lora_layouts.REFUSALS[layout])
    names = lora_key_names.kohya_names(tensors) if layout in lora_layouts.RENAMEABLE else {name: name for name in tensors}
    base = base_of({names[name]: tensor for name, tensor in tensors.items()}, metadata)
    if not safetensors.all_finite(path):
        raise Invalid(
            tr_lazy("This LoRA holds numbers that are not finite: it would only give noise. Train or download it again.")
        )
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    note = ""
    if layout in lora_layouts.RENAMEABLE:
        note = lora_key_names.convert(
            path, out, _kohya_metadata(base, layout, sha256, {names[name]: tensor for name, tensor in tensors.items()})
        )
        path = out
    return _common_rank_and_alpha(path) | {
        "path": str(path),
        "base": base,
        "converted_from": "" if layout == lora_layouts.KOHYA else layout,
        "sha256": sha256,
        "note": note,
    }


def base_of(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """The model family whose layers these are; `tensors` by kohya's names. Raises Invalid (incomplete, broken, unknown)."""
    _check_pairs(tensors)
    claimed = safetensors.claimed_base(metadata)
    misfits = {base: _first_misfit(tensors, base) for base in sd_layers.FAMILIES}
    fitting = [base for base, module in misfits.items() if not module]
    if claimed in fitting:
        return claimed
    if claimed in misfits and fitting:
        raise Invalid(
            tr_lazy(
                "This LoRA says that it is for {claimed}, but its layers are those of {family}. "
                "Ask where it comes from, or export it again.",
                claimed=sd_layers.FAMILIES[claimed],
                family=sd_layers.FAMILIES[fitting[0]],
            )
        )
    if claimed in misfits:
        raise Invalid(
            tr_lazy(
                "This LoRA says that it is for {claimed}, which has no layer {layer} of this "
                "size. It was made for another model: choose one for Stable Diffusion 1.5, 2, XL or the starter model.",
                claimed=sd_layers.FAMILIES[claimed],
                layer=misfits[claimed][:100],
            )
        )
    if len(fitting) == 1:
        return fitting[0]
    if claimed.startswith(_OWN_FAMILY):  # the engine checks its sizes
        return claimed
    if len(fitting) > 1:
        names = " and ".join(sd_layers.FAMILIES[base] for base in fitting)
        raise Invalid(
            tr_lazy(
                "This LoRA fits {families}, and does not say which it is for. Export it with ss_base_model_version set.",
                families=names,
            )
        )
    if claimed:
        raise Invalid(
            tr_lazy(
                "This LoRA is for a model of another kind (it says {claimed}): its layers are not those of Stable Diffusion "
                "1.5, 2 or XL. Choose one made for these.",
                claimed=claimed[:60],
            )
        )
    raise Invalid(
        tr_lazy(
            "This LoRA is for a model of another kind: its layers are not those of Stable Diffusion 1.5, 2 or XL. "
            "Choose one made for these."
        )
    )


def _check_pairs(tensors: Mapping[str, Tensor]) -> None:
    for name in sorted({key.partition(".")[0] for key in tensors}):
        down, up = tensors.get(f"{name}.lora_down.weight"), tensors.get(f"{name}.lora_up.weight")
        if down is None or up is None:
            raise Invalid(
                tr_lazy(
                    "This LoRA is incomplete: {layer} lacks its {part} part. Export it again.",
                    layer=name[:100],
                    part="down" if down is None else "up",
                )
            )
        if min(len(down.shape), len(up.shape)) < 2 or 0 in (*down.shape, *up.shape) or down.shape[0] != up.shape[1]:
            raise Invalid(
                tr_lazy(
                    "This LoRA is broken: the two parts of {layer} have different ranks. Train or download it again.",
                    layer=name[:100],
                )
            )
        if not {down.dtype, up.dtype} <= _FLOAT_DTYPES:
            raise Invalid(
                tr_lazy("This LoRA holds {dtype} numbers, which the studio cannot use. Export it as float16.", dtype=down.dtype)
            )


def _first_misfit(tensors: Mapping[str, Tensor], base: str) -> str:
    """The first module whose name or size does not exist in this family; "" when all fit."""
    layers = sd_layers.layers(base)
    for key, down in tensors.items():
        name, _, kind = key.partition(".")
        if kind != "lora_down.weight":
            continue
        layer, up = layers.get(name), tensors[f"{name}.lora_up.weight"]
        area = int(np.prod(down.shape[2:])) * int(np.prod(up.shape[2:]))
        if layer is None or (down.shape[1], up.shape[0], area) != (layer.reads, layer.writes, layer.kernel**2):
            return name
    return ""


def _kohya_metadata(base: str, layout: str, sha256: str, tensors: Mapping[str, Tensor]) -> dict[str, str]:
    ranks = [tensor.shape[0] for name, tensor in tensors.items() if name.endswith(".lora_down.weight")]
    metadata = {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(max(set(ranks), key=ranks.count)),
        "converted_from": layout,
        "original_sha256": sha256,
    }
    return metadata | {"ss_base_model_version": modelspec.KOHYA_BASES.get(base, base)} | modelspec.lora_metadata(base)


def _common_rank_and_alpha(path: Path) -> dict[str, Any]:
    """{"dim", "alpha"}: the most common pair. Raises Invalid when an alpha is 0."""
    tensors, _ = safetensors.read_header(path)
    pairs = []
    with path.open("rb") as file:
        for key, down in tensors.items():
            name, _, kind = key.partition(".")
            if kind == "lora_down.weight":
                alpha = tensors.get(f"{name}.alpha")
                value = safetensors.read_number(file, alpha) if alpha else float(down.shape[0])
                if value == 0:
                    raise Invalid(
                        tr_lazy(
                            "This LoRA has an alpha of 0, which some programs take as no effect and others as the full one. "
                            "Export it with its true alpha."
                        )
                    )
                pairs.append((down.shape[0], value))
    dim, value = max(set(pairs), key=pairs.count)
    return {"dim": dim, "alpha": value}


if __name__ == "__main__":
    main()

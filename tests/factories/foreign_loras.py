"""LoRAs as stock diffusers and PEFT write them, and the weights they change, to compare with how we read them.

`python -m tests.factories.foreign_loras FOLDER` (of a miniature model): torch stays out of the test process. Writes
`peft.safetensors`, `alpha.safetensors`, `old.safetensors` into FOLDER, converts each, and prints how far, at most, the change
of any layer is from PEFT's own: as our engine reads the converted file, and as stock diffusers loads it. JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.support import torch_child


def compare(folder: Path) -> dict[str, dict[str, float]]:
    return json.loads(torch_child.run_module(__name__, folder).splitlines()[-1])


def _main(folder: Path) -> None:
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
    import torch

    torch.manual_seed(0)
    tensors = {
        "peft": _one(folder, "peft", {"r": 4, "lora_alpha": 4}, described=False),
        "alpha": _one(folder, "alpha", {"r": 4, "lora_alpha": 10, "use_rslora": True}, described=True),
        "old": _one(folder, "old", {"r": 2, "lora_alpha": 2}, described=False, rename=_old_names),
    }
    print(json.dumps(tensors))


def _one(folder: Path, name: str, config: dict[str, Any], *, described: bool, rename: Any = dict) -> dict[str, float]:
    from diffusers import StableDiffusionPipeline
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict
    from safetensors.torch import load_file, save_file

    from backend.engines.local.diffusers.lora import layer_changes
    from backend.media.model_files import lora_key_names

    pipe = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    parts = {"unet": pipe.unet, "text_encoder": pipe.text_encoder}
    modules = {"unet": ["to_q", "to_k", "to_v", "to_out.0"], "text_encoder": ["q_proj", "v_proj", "out_proj"]}
    if name != "old":
        modules["unet"] += ["conv1", "ff.net.0.proj", "proj_in", "time_emb_proj"]
    for part, model in parts.items():
        model.add_adapter(LoraConfig(target_modules=modules[part], init_lora_weights=False, **config))
    truth = {f"{part}.{at}": delta for part, model in parts.items() for at, delta in _deltas(model).items()}
    layers = {part: convert_state_dict_to_diffusers(get_peft_model_state_dict(model)) for part, model in parts.items()}
    configs = {f"{part}_lora_adapter_metadata": model.peft_config["default"].to_dict() for part, model in parts.items()}
    pipe.save_lora_weights(
        folder,
        unet_lora_layers=layers["unet"],
        text_encoder_lora_layers=layers["text_encoder"],
        weight_name=f"{name}.safetensors",
        **(configs if described else {}),
    )
    source, target = folder / f"{name}.safetensors", folder / f"{name}.kohya.safetensors"
    if rename is not dict:
        save_file(rename(load_file(source)), source, {"format": "pt"})
    lora_key_names.convert(source, target, {})
    own_deltas = dict(layer_changes(name, target))
    stock = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    stock.load_lora_weights(target)
    loaded = {f"{part}.{at}": delta for part in parts for at, delta in _deltas(getattr(stock, part)).items()}
    assert len(own_deltas) == len(truth) == len(loaded) > 20, (len(own_deltas), len(truth), len(loaded))

    def kohya(place: str) -> str:
        part, _, path = place.partition(".")
        text = part == "text_encoder"
        return ("lora_te_text_model_" if text else "lora_unet_") + path.removeprefix("text_model.").replace(".", "_")

    return {
        "layers": len(truth),
        "size": max(float(delta.abs().max()) for delta in truth.values()),
        "engine": max(float((own_deltas[kohya(at)].reshape(delta.shape) - delta).abs().max()) for at, delta in truth.items()),
        "diffusers": max(float((loaded[at] - delta).abs().max()) for at, delta in truth.items()),
    }


def _deltas(model: Any) -> dict[str, Any]:
    """Path of each layer -> what its adapter adds to its weight."""
    from peft.tuners.lora import LoraLayer

    deltas = {}
    for place, layer in model.named_modules():
        if isinstance(layer, LoraLayer):
            [adapter] = layer.lora_A.keys()
            deltas[place] = layer.get_delta_weight(adapter).detach()
    return deltas


def _old_names(tensors: dict[str, Any]) -> dict[str, Any]:
    """The names of diffusers 0.13 to 0.20: attention processors, and lora_linear_layer in the text encoder."""
    renamed = {}
    for name, tensor in tensors.items():
        if name.startswith("unet."):
            for part in ("to_q", "to_k", "to_v", "to_out.0"):
                for new, old in (("lora_A", "down"), ("lora_B", "up"), ("lora.down", "down"), ("lora.up", "up")):
                    name = name.replace(f".{part}.{new}.", f".processor.{part.removesuffix('.0')}_lora.{old}.")
        else:
            name = name.replace(".lora_A.", ".lora_linear_layer.down.").replace(".lora_B.", ".lora_linear_layer.up.")
        renamed[name] = tensor
    return renamed


if __name__ == "__main__":
    _main(Path(sys.argv[1]))

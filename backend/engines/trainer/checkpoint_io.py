"""Child side: writes the LoRA in kohya's key layout and the state that a run resumes from, each whole or not at all."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from safetensors import safe_open
from safetensors.torch import save

from backend.engines.diffusion.folder import Model
from backend.engines.trainer import files
from backend.engines.trainer.learner import Learner
from backend.engines.trainer.port import Start, TrainRequest
from backend.errors import Rejected
from backend.media.model_files import modelspec, safetensors

_OTHER_PARTS = (
    "The checkpoint to continue from was trained on other parts of the model. "
    "Choose the same model, and the same switches for convolutions and the text encoder."
)
_LATER = "_time_emb_proj."  # in the names of adapters that runs of earlier releases did not have


def save_lora(path: Path, learner: Learner, step: int) -> Path:
    """The adapters as they stand, in fp16. The metadata says nothing of pictures or captions. Raises Rejected unless finite."""
    params, base = learner.params, learner.model.card.base
    metadata = {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(params.network_dim),
        "ss_network_alpha": str(params.network_alpha),
        "ss_base_model_version": modelspec.KOHYA_BASES.get(base, base),
        "ss_steps": str(step),
    }
    velocity = learner.schedule.config.prediction_type == "v_prediction"
    metadata |= modelspec.of_lora(base, step=step, resolution=params.resolution, velocity=velocity)
    _write(path, save(dict(_kohya(learner.model)), metadata))
    if not safetensors.inspect(path).keys_ok or not safetensors.finite(path):
        raise Rejected(f"The LoRA at step {step} holds numbers that are not finite. Lower the learning rate and train again.")
    return path


def save_state(path: Path, learner: Learner, step: int, request: TrainRequest, loss_first: float) -> Path:
    """Everything a later run needs to go on exactly here, as safetensors (no pickle)."""
    tensors: dict[str, torch.Tensor] = {}
    for i, weight in enumerate(learner.weights):
        moments = learner.optimizer.state[weight]
        tensors |= {
            f"{i}.weight": weight.detach(),
            f"{i}.exp_avg": moments["exp_avg"],
            f"{i}.exp_avg_sq": moments["exp_avg_sq"],
        }
    updates = int(float(learner.optimizer.state[learner.weights[0]]["step"]))
    metadata = {"step": str(step), "updates": str(updates), "loss_first": repr(loss_first)}
    metadata["run"] = files.fingerprint(request)
    _write(path, save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, metadata))
    return path


def resume(path: Path, learner: Learner, request: TrainRequest) -> tuple[int, float]:
    """Puts a state back: its step and the first loss. Raises Rejected when it is broken or of another run."""
    said = files.check_state(path, request)
    _put_back(path, learner)
    return int(said["step"]), float(said["loss_first"])


def begin(start: Start, learner: Learner) -> None:
    """The adapters as another run left them. Raises Rejected when that run trained other parts.

    Of a run of an earlier release the LoRA is taken, not the state: what it did not train yet begins without effect.
    """
    if start.state is not None and _fits(start.state, learner):
        _put_back(start.state, learner)
    else:
        _put_weights(start.lora, learner)


def _put_back(path: Path, learner: Learner) -> None:
    """Weights and the optimizer's moments, with its own count of updates (a continued run's began before its first step)."""
    if not _fits(path, learner):
        raise Rejected(_OTHER_PARTS)
    with safe_open(path, framework="pt") as file:
        said = file.metadata()
        updates = float(said.get("updates") or said["step"])
        for i, weight in enumerate(learner.weights):
            weight.data.copy_(file.get_tensor(f"{i}.weight"))
            # In the weight's own memory layout: the fused optimizer walks through them side by side
            moments = {
                kind: torch.empty_like(weight).copy_(file.get_tensor(f"{i}.{kind}")) for kind in ("exp_avg", "exp_avg_sq")
            }
            learner.optimizer.state[weight] = {"step": torch.tensor(updates, device=weight.device), **moments}


def _fits(path: Path, learner: Learner) -> bool:
    with safe_open(path, framework="pt") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys() if name.endswith(".weight")}  # noqa: SIM118
    return shapes == {f"{i}.weight": tuple(weight.shape) for i, weight in enumerate(learner.weights)}


def _put_weights(path: Path, learner: Learner) -> None:
    ours = {name: weight for name, weight in _adapters(learner.model) if not name.endswith(".alpha")}
    with safe_open(path, framework="pt") as file:
        theirs = {name for name in file.keys() if not name.endswith(".alpha")}  # noqa: SIM118
        other = {name for name in theirs ^ ours.keys() if name in theirs or _LATER not in name}
        if other or any(tuple(file.get_slice(name).get_shape()) != tuple(ours[name].shape) for name in theirs):
            raise Rejected(_OTHER_PARTS)
        for name in theirs:
            ours[name].data.copy_(file.get_tensor(name))


def _kohya(model: Model) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in _adapters(model):
        yield name, _half(value) if isinstance(value, torch.Tensor) else torch.tensor(float(value), dtype=torch.float16)


def _adapters(model: Model) -> Iterator[tuple[str, Any]]:
    """kohya's name -> the adapter's own weight, or its alpha as a number."""
    for prefix, part in (("lora_unet_", model.unet), ("lora_te_text_model_", model.components["text_encoder"])):
        for name, layer in part.named_modules():
            if isinstance(layer, LoraLayer):
                key = prefix + name.removeprefix("text_model.").replace(".", "_")
                yield f"{key}.lora_down.weight", layer.lora_A["default"].weight
                yield f"{key}.lora_up.weight", layer.lora_B["default"].weight
                yield f"{key}.alpha", layer.lora_alpha["default"]


def _half(weight: Any) -> torch.Tensor:
    half: torch.Tensor = weight.detach().to("cpu", torch.float16).contiguous()
    return half


def _ordered(content: bytes) -> bytes:
    """The same safetensors file with a sorted header: the library's order is random, and equal runs give equal files."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + content[8 + length :]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(_ordered(content))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)

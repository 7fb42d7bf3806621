"""Child side: writes the LoRA in kohya's key layout and the resume state, each complete or not at all."""

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

from backend.engines.local.diffusers.model_folder import LoadedModel
from backend.engines.local.peft.learner import Learner
from backend.engines.ports import training_files
from backend.engines.ports.trainer import StartCheckpoint, TrainRequest
from backend.errors import Rejected
from backend.language import tr_lazy
from backend.media.model_files import modelspec, safetensors

_OTHER_PARTS_MESSAGE = tr_lazy(
    "The version to continue from was trained on other parts of the model. Choose the same model, and the same "
    "switches for convolutions and the text encoder."
)
_OPTIONAL_ADAPTERS = "_time_emb_proj."  # part of the names of adapters that earlier releases did not train


def save_lora(path: Path, learner: Learner, step: int) -> Path:
    """Saves the adapters in fp16, without pictures or captions in the metadata. Raises Rejected unless all are finite."""
    params, base = learner.params, learner.model.card.base
    metadata = {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(params.network_dim),
        "ss_network_alpha": str(params.network_alpha),
        "ss_base_model_version": modelspec.KOHYA_BASES.get(base, base),
        "ss_steps": str(step),
    }
    is_velocity = learner.schedule.config.prediction_type == "v_prediction"
    metadata |= modelspec.lora_metadata(base, step=step, sides=params.sides, velocity=is_velocity)
    _write(path, save(dict(_kohya_tensors(learner.model)), metadata))
    if not safetensors.inspect(path).keys_ok or not safetensors.all_finite(path):
        raise Rejected(
            tr_lazy(
                "The LoRA at step {step} holds numbers that are not finite. Lower the learning rate and train again.", step=step
            )
        )
    return path


def save_state(path: Path, learner: Learner, step: int, request: TrainRequest, loss_first: float) -> Path:
    """Saves weights, optimizer state and progress for an exact resume, as safetensors (no pickle)."""
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
    metadata["run"] = training_files.fingerprint(request)
    _write(path, save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, metadata))
    return path


def resume_from(path: Path, learner: Learner, request: TrainRequest) -> tuple[int, float]:
    """Restores a state; returns its step and the first loss. Raises Rejected when it is broken or of another run."""
    metadata = training_files.check_state(path, request)
    _restore_state(path, learner)
    return int(metadata["step"]), float(metadata["loss_first"])


def start_from(start: StartCheckpoint, learner: Learner) -> None:
    """Starts from the checkpoint of another run. Raises Rejected when that run trained other parts.

    A state of an earlier release lacks some adapters: then only its LoRA is loaded, and the new adapters start at zero.
    """
    if start.state is not None and _fits(start.state, learner):
        _restore_state(start.state, learner)
    else:
        _load_weights(start.lora, learner)


def _restore_state(path: Path, learner: Learner) -> None:
    """Restores weights and optimizer moments, with the optimizer's own update count (higher than the step in a continued
    run)."""
    if not _fits(path, learner):
        raise Rejected(_OTHER_PARTS_MESSAGE)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        updates = float(metadata.get("updates") or metadata["step"])
        for i, weight in enumerate(learner.weights):
            weight.data.copy_(file.get_tensor(f"{i}.weight"))
            # In the weight's memory layout, as the fused optimizer expects of its moments
            moments = {
                kind: torch.empty_like(weight).copy_(file.get_tensor(f"{i}.{kind}")) for kind in ("exp_avg", "exp_avg_sq")
            }
            learner.optimizer.state[weight] = {"step": torch.tensor(updates, device=weight.device), **moments}


def _fits(path: Path, learner: Learner) -> bool:
    with safe_open(path, framework="pt") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys() if name.endswith(".weight")}  # noqa: SIM118
    return shapes == {f"{i}.weight": tuple(weight.shape) for i, weight in enumerate(learner.weights)}


def _load_weights(path: Path, learner: Learner) -> None:
    own_weights = {name: weight for name, weight in _adapters(learner.model) if not name.endswith(".alpha")}
    with safe_open(path, framework="pt") as file:
        file_names = {name for name in file.keys() if not name.endswith(".alpha")}  # noqa: SIM118
        mismatched = {name for name in file_names ^ own_weights.keys() if name in file_names or _OPTIONAL_ADAPTERS not in name}
        if mismatched or any(tuple(file.get_slice(name).get_shape()) != tuple(own_weights[name].shape) for name in file_names):
            raise Rejected(_OTHER_PARTS_MESSAGE)
        for name in file_names:
            own_weights[name].data.copy_(file.get_tensor(name))


def _kohya_tensors(model: LoadedModel) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in _adapters(model):
        yield name, _half(value) if isinstance(value, torch.Tensor) else torch.tensor(float(value), dtype=torch.float16)


def _adapters(model: LoadedModel) -> Iterator[tuple[str, Any]]:
    """(kohya's name, the adapter's weight), or (name, alpha as a number)."""
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


def _with_sorted_header(content: bytes) -> bytes:
    """The safetensors file with a sorted header: the library's order is random, but equal runs should give equal files."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + content[8 + length :]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part_path = path.with_name(path.name + ".part")
    with part_path.open("wb") as file:
        file.write(_with_sorted_header(content))
        file.flush()
        os.fsync(file.fileno())
    part_path.replace(path)

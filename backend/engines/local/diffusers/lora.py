"""Child side: merges LoRA files in kohya's key layout into a loaded model, and restores the original weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from backend.engines.local.diffusers.model_folder import LoadedModel
from backend.errors import Rejected, Unsupported
from backend.language import tr_lazy
from backend.media.model_files import sd_layers

LoraSource = tuple[str, Path, float]


def module_names(model: LoadedModel) -> dict[str, Any]:
    """kohya's name of every layer a LoRA can change -> the layer; for XL also by its original block names."""
    layers = dict(_layers(model.unet, "lora_unet_"))
    layers |= {sd_layers.original_name(name): layer for name, layer in layers.items()} if "XL" in model.kind else {}
    for prefix, encoder in model.text_encoders.items():
        layers |= _layers(encoder, f"{prefix}_text_model_")
    return layers


def _layers(root: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, module in root.named_modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            yield prefix + name.removeprefix("text_model.").replace(".", "_"), module


class LoraMerger:
    """Keeps a copy of every layer's weights that a LoRA changes, so that any set of LoRAs can follow any other exactly."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._names = module_names(model)
        self._original_weights: dict[str, torch.Tensor] = {}
        self._merged: tuple[tuple[Path, int, float], ...] = ()

    def apply(self, sources: Sequence[LoraSource]) -> None:
        """Merges exactly these LoRAs: (name, file, weight). Raises Unsupported, Rejected; the model then has none."""
        requested = tuple((path, path.stat().st_mtime_ns, weight) for _, path, weight in sources)
        if requested == self._merged:
            return
        self._restore()
        try:
            for name, path, weight in sources:
                self._add(name, path, weight)
        except BaseException:
            self._restore()
            raise
        self._merged = requested

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _restore(self) -> None:
        for name, weight in self._original_weights.items():
            self._names[name].weight.copy_(weight)
        self._merged = ()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _add(self, lora: str, path: Path, weight: float) -> None:
        for name, change in layer_changes(lora, path):
            layer = self._names.get(name)
            if layer is None or layer.weight.numel() != change.numel():
                raise Unsupported(
                    tr_lazy(
                        "The LoRA {lora} does not fit {title}: it was trained on another model. Choose another.",
                        lora=repr(lora),
                        title=self._model.card.title,
                    )
                )
            if name not in self._original_weights:
                self._original_weights[name] = layer.weight.detach().clone()
            layer.weight.add_(change.reshape(layer.weight.shape).to(layer.weight), alpha=weight)


def layer_changes(lora: str, path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Layer name and its weight change at strength 1, for every layer. Raises Rejected when a number is not finite."""
    tensors = load_file(path)
    for key, down in tensors.items():
        name, _, kind = key.partition(".")
        if kind != "lora_down.weight":
            continue
        up, alpha = tensors[f"{name}.lora_up.weight"].float(), tensors.get(f"{name}.alpha")
        scale = float(alpha) / down.shape[0] if alpha is not None else 1.0
        change = (up.flatten(1) @ down.float().flatten(1)) * scale
        if not bool(torch.isfinite(change).all()):
            raise Rejected(
                tr_lazy(
                    "The LoRA {lora} holds numbers that are not finite: its training went wrong. Train it again.",
                    lora=repr(lora),
                )
            )
        yield name, change

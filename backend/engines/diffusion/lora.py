"""Child side: LoRA files in kohya's key layout, merged into a loaded model and taken out again without a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from backend.engines.diffusion.folder import Model
from backend.errors import Rejected, Unsupported
from backend.media.model_files import sd_layers

Use = tuple[str, Path, float]


def module_names(model: Model) -> dict[str, Any]:
    """kohya's name of every layer a LoRA can change -> the layer; for XL also by its original block names."""
    found = dict(_layers(model.unet, "lora_unet_"))
    found |= {sd_layers.original_name(name): layer for name, layer in found.items()} if "XL" in model.kind else {}
    for prefix, encoder in model.text_encoders.items():
        found |= _layers(encoder, f"{prefix}_text_model_")
    return found


def _layers(root: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, module in root.named_modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            yield prefix + name.removeprefix("text_model.").replace(".", "_"), module


class Merger:
    """Keeps a model's own weights of every layer that a LoRA touches, so that any set of LoRAs can follow any other."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._names = module_names(model)
        self._own: dict[str, torch.Tensor] = {}
        self._merged: tuple[tuple[Path, int, float], ...] = ()

    def apply(self, uses: Sequence[Use]) -> None:
        """Makes the model draw with exactly `uses` of (name, file, weight). Raises Unsupported, Rejected; then with none."""
        wanted = tuple((path, path.stat().st_mtime_ns, weight) for _, path, weight in uses)
        if wanted == self._merged:
            return
        self._restore()
        try:
            for name, path, weight in uses:
                self._add(name, path, weight)
        except BaseException:
            self._restore()
            raise
        self._merged = wanted

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _restore(self) -> None:
        for name, own in self._own.items():
            self._names[name].weight.copy_(own)
        self._merged = ()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _add(self, lora: str, path: Path, weight: float) -> None:
        for name, change in changes(lora, path):
            layer = self._names.get(name)
            if layer is None or layer.weight.numel() != change.numel():
                raise Unsupported(
                    f"The LoRA {lora!r} does not fit {self._model.card.title}: it was trained on another model. Choose another."
                )
            if name not in self._own:
                self._own[name] = layer.weight.detach().clone()
            layer.weight.add_(change.reshape(layer.weight.shape).to(layer.weight), alpha=weight)


def changes(lora: str, path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Layer name and its change at weight 1, for every layer of a file. Raises Rejected when a number is not finite."""
    tensors = load_file(path)
    for key, down in tensors.items():
        name, _, kind = key.partition(".")
        if kind != "lora_down.weight":
            continue
        up, alpha = tensors[f"{name}.lora_up.weight"].float(), tensors.get(f"{name}.alpha")
        scale = float(alpha) / down.shape[0] if alpha is not None else 1.0
        change = (up.flatten(1) @ down.float().flatten(1)) * scale
        if not bool(torch.isfinite(change).all()):
            raise Rejected(f"The LoRA {lora!r} holds numbers that are not finite: its training went wrong. Train it again.")
        yield name, change

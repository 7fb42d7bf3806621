"""Child side: any vision model in a transformers folder (CLIP, SigLIP, DINOv2, ViT) as a picture -> unit vector function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from backend.errors import Unsupported
from backend.language import tr_lazy

CLIP_SCORE_SCALE = 2.5
"""CLIPScore's: cosines of a picture and the words for it hardly exceed 0.4."""


class VisionModel:
    """The folder's model in memory. Raises Unsupported naming what is wrong with the folder."""

    def __init__(self, folder: Path, device: str) -> None:
        try:
            self._prepare: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
            self._model: Any = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        except (OSError, ValueError, KeyError, ImportError) as error:
            reason = str(error).splitlines()[0][:200]
            raise Unsupported(
                tr_lazy(
                    "IDENTITY_MODEL {name} cannot be loaded ({reason}). Copy a complete vision model folder there.",
                    name=folder.name,
                    reason=reason,
                )
            ) from error
        self._device = torch.device(device)
        self._model.eval().requires_grad_(False).to(self._device)
        self._folder = folder
        self._words: dict[str, Any] = {}
        self._tokenizer: Any = None
        self._reads_words = getattr(self._model.config, "model_type", "") == "clip"

    def vector(self, path: Path) -> tuple[float, ...]:
        """Raises OSError when it is no picture."""
        with Image.open(path) as opened:
            pixels = self._prepare(images=[opened.convert("RGB")], return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            features = self._features(pixels.to(self._device, self._model.dtype)).float()
        return tuple(torch.nn.functional.normalize(features, dim=-1)[0].tolist())

    def agreement(self, vector: tuple[float, ...], text: str) -> float | None:
        """How well the picture of this vector shows `text`, 0..1; None when the folder is no CLIP model with a tokenizer."""
        if self._reads_words and text not in self._words:
            self._words[text] = self._text(text)
        return (
            None
            if not self._reads_words
            else min(1.0, max(0.0, CLIP_SCORE_SCALE * float(torch.tensor(vector) @ self._words[text])))
        )

    def _text(self, text: str) -> Any:
        """(width,), unit length; text beyond the model's limit is cut off. None without a tokenizer, now and later."""
        try:
            self._tokenizer = self._tokenizer or AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError):
            self._reads_words = False
            return None
        max_length = self._model.config.text_config.max_position_embeddings
        tokens = self._tokenizer(text, truncation=True, max_length=max_length, return_tensors="pt")
        with torch.inference_mode():
            output = self._model.get_text_features(
                input_ids=tokens["input_ids"].to(self._device), attention_mask=tokens["attention_mask"].to(self._device)
            )
        features = output if isinstance(output, torch.Tensor) else output.pooler_output
        return torch.nn.functional.normalize(features.float(), dim=-1)[0].cpu()

    def _features(self, pixels: Any) -> Any:
        """(1, width): CLIP's and SigLIP's projected features, else the pooled output, else the class token."""
        if hasattr(self._model, "get_image_features"):
            output = self._model.get_image_features(pixel_values=pixels)
            return output if isinstance(output, torch.Tensor) else output.pooler_output
        output = self._model(pixel_values=pixels)
        pooled = getattr(output, "pooler_output", None)
        return output.last_hidden_state[:, 0] if pooled is None else pooled

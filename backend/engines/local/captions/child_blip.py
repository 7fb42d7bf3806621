"""Captions pictures in a process of its own: `python -m backend.engines.local.captions.child_blip SETTINGS`.

SETTINGS is JSON `{"folder", "device", "threads", "idle_s"}`. Standard input, one JSON object a line: `{"id", "request":
{"pictures": [path, …]}}`. Output: `{"n", "text"}` or `{"n", "refused"}` a picture, then `{"id", "done"}` or `{"error"}`.
Ends after `idle_s` without work and when standard input closes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from backend.engines.local.torch_host.child import ParentPipe, serve_warm
from backend.errors import Unsupported
from backend.language import tr_lazy

_MAX_TOKENS = 40
"""Tokens of a caption."""


def main() -> None:
    serve_warm(lambda settings: _Blip(Path(settings["folder"]), settings["device"]), _describe)


def _describe(pipe: ParentPipe, model: _Blip, message: dict[str, Any]) -> None:
    opened: dict[int, Image.Image] = {}
    for n, path in enumerate(message["request"]["pictures"]):
        try:
            with Image.open(path) as file:
                opened[n] = file.convert("RGB")
        except (OSError, ValueError, SyntaxError):  # what Pillow raises for a file that is no picture
            pipe.send({"n": n, "refused": "unreadable"})
    for n, text in zip(opened, model.captions(list(opened.values())) if opened else [], strict=True):
        pipe.send({"n": n, "text": text})
    pipe.send({"id": message["id"], "done": True})


class _Blip:
    """The folder's model in memory. Raises Unsupported naming what is wrong with the folder."""

    def __init__(self, folder: Path, device: str) -> None:
        import torch
        from transformers import AutoProcessor, BlipForConditionalGeneration

        try:
            self._processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)
            self._model: Any = BlipForConditionalGeneration.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise Unsupported(
                tr_lazy(
                    "BLIP_DIR {name} cannot be loaded ({reason}). Copy a complete BLIP caption model there.",
                    name=folder.name,
                    reason=reason,
                )
            ) from error
        if getattr(self._model.config, "model_type", "") != "blip":
            raise Unsupported(
                tr_lazy("BLIP_DIR {name} holds another kind of model. A BLIP caption model is needed.", name=folder.name)
            )
        self._torch = torch
        self._model.eval().requires_grad_(False).to(torch.device(device))

    def captions(self, pictures: list[Image.Image]) -> list[str]:
        pixels = self._processor(images=pictures, return_tensors="pt")["pixel_values"]
        with self._torch.inference_mode():
            tokens = self._model.generate(
                pixel_values=pixels.to(self._model.device, self._model.dtype), max_new_tokens=_MAX_TOKENS, num_beams=3
            )
        return [str(text).strip() for text in self._processor.batch_decode(tokens, skip_special_tokens=True)]


if __name__ == "__main__":
    main()

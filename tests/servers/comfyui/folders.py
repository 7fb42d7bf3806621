"""The server's folders: models that are headers without weights, inputs, outputs whose counter starts where files are."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

KINDS = (
    "checkpoints",
    "loras",
    "vae",
    "controlnet",
    "upscale_models",
    "diffusion_models",
    "text_encoders",
    "clip_vision",
    "embeddings",
    "animatediff_models",
)
SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".sft")
_SHAPES: dict[str, dict[str, list[int]]] = {
    "sd15": {
        "model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3],
        "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [320, 768],
        "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight": [77, 768],
        "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
    },
    "sdxl": {
        "model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3],
        "model.diffusion_model.label_emb.0.0.weight": [1280, 2816],
        "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": [640, 2048],
        "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight": [77, 768],
        "conditioner.embedders.1.model.ln_final.weight": [1280],
        "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
    },
}
_ARCHITECTURE = {"sd15": "stable-diffusion-v1", "sdxl": "stable-diffusion-xl-v1-base"}


class Folders:
    """`root`/{models,input,output,temp}. A file put there is visible at once, a half-copied one too (comfyui.md, 8)."""

    def __init__(self, root: Path) -> None:
        self.root, self.models = root, root / "models"
        for kind in KINDS:
            (self.models / kind).mkdir(parents=True, exist_ok=True)
        for name in ("input", "output", "temp"):
            (root / name).mkdir(exist_ok=True)

    def names(self, kind: str) -> list[str]:
        """Relative names with `/`, sorted."""
        folder = self.models / kind
        paths = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
        return sorted(path.relative_to(folder).as_posix() for path in paths)

    def put_checkpoint(self, name: str, base: str = "sd15", *, metadata: bool = True) -> Path:
        """A checkpoint of `base` (sd15, sdxl) as its header says it; the weights are a hole in the file."""
        metadata_values = {"modelspec.architecture": _ARCHITECTURE[base]} if metadata else {}
        return self._put(self.models / "checkpoints" / name, _SHAPES[base], metadata_values)

    def put_model(self, kind: str, name: str) -> Path:
        """Any other model file: a ControlNet, an upscaler, a motion module."""
        return self._put(self.models / kind / name, {"weight": [4, 4]}, {})

    def metadata(self, kind: str, name: str) -> dict[str, str] | None:
        """`__metadata__` of a safetensors header; None when there is none (comfyui.md, 7: 404 if none)."""
        try:
            header = read_header(self.models / kind / name)
        except (OSError, ValueError):
            return None
        values = header.get("__metadata__")
        return values if isinstance(values, dict) else None

    def _put(self, path: Path, shapes: dict[str, list[int]], metadata: dict[str, str]) -> Path:
        header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
        at = 0
        for key, shape in shapes.items():
            size = 2
            for side in shape:
                size *= side
            header[key] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
            at += size
        head = json.dumps(header).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(struct.pack("<Q", len(head)) + head)
            file.truncate(8 + len(head) + at)
        return path

    def next_output(self, prefix: str, suffix: str) -> tuple[str, Path]:
        """(subfolder, path): the highest number of that prefix plus one; names repeat once files are gone (comfyui.md, 7)."""
        folder = (self.root / "output" / prefix).parent
        if not folder.resolve().is_relative_to((self.root / "output").resolve()):
            raise ValueError("Saving image outside the output folder is not allowed.")
        folder.mkdir(parents=True, exist_ok=True)
        stem = Path(prefix).name
        numbers = [
            int(match[1]) for path in folder.glob(f"{stem}_*") if (match := re.match(re.escape(stem) + r"_(\d+)", path.name))
        ]
        subfolder = folder.relative_to(self.root / "output").as_posix()
        return "" if subfolder == "." else subfolder, folder / f"{stem}_{max(numbers, default=0) + 1:05}_{suffix}"


def read_header(path: Path) -> dict[str, Any]:
    """Raises ValueError in the words of the real library when it is none."""
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 2**63
        if length > 100_000_000 or length > path.stat().st_size:
            raise ValueError("Error while deserializing header: header too large")
        value = json.loads(file.read(length))
    if not isinstance(value, dict):
        raise ValueError("Error while deserializing header: invalid header deserialization")
    return value

"""The files sd-scripts write, under their real names and in place (kohya.md, 5 and 6)."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import struct
import time
from collections import Counter
from pathlib import Path

from PIL import Image

from tests.servers.kohya.faults import Faults
from tests.servers.kohya.pictures import Found

_UNET = {
    "sd15": ("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", 768, 320),
    "sdxl": ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 2048, 640),
}
_TEXT = {"sd15": ("lora_te",), "sdxl": ("lora_te1", "lora_te2")}
_VERSION = {"sd15": "sd_v1", "sdxl": "sdxl_base_v1-0"}
_ARCHITECTURE = {"sd15": "stable-diffusion-v1", "sdxl": "stable-diffusion-xl-v1-base"}


class Writer:
    """Writes for one run. `trained`: what stands in every tensor: the steps behind the weights, NaN when they broke."""

    def __init__(self, args: argparse.Namespace, base: str, pictures: Found, faults: Faults) -> None:
        self._args, self._base, self._found, self._faults = args, base, pictures, faults
        self._alpha = float(args.network_alpha or 1)
        self.folder = Path(args.output_dir)

    def lora(self, name: str, trained: float, step: int, epoch: int) -> Path:
        path = self.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        print(f"\nsaving checkpoint: {path}")
        content = _safetensors(self._shapes(), trained, self._alpha, self._args.save_precision, self._metadata(step, epoch))
        with path.open("wb", buffering=0) as file:
            path.chmod(0o600)
            file.write(content[: len(content) // 2])
            if self._faults.disk_full_at == step:
                raise OSError(28, "No space left on device")
            time.sleep(self._faults.write_s)
            file.write(content[len(content) // 2 :])
        return path

    def state(self, name: str, trained: float, step: int, epoch: int, rates: dict[str, int]) -> None:
        """kohya.md, 5: train_state.json first, random_states_0.pkl last."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "train_state.json").write_text(json.dumps({"current_epoch": epoch, "current_step": step}))
        (folder / "model.safetensors").write_bytes(_safetensors(self._shapes(), trained, self._alpha, None, {"format": "pt"}))
        (folder / "optimizer.bin").write_bytes(b"\x80" + bytes(64))
        (folder / "scheduler.bin").write_text(json.dumps(rates))
        time.sleep(self._faults.write_s)
        (folder / "random_states_0.pkl").write_bytes(b"\x80" + bytes(16))

    def sample(self, n: int, step: int, width: int, height: int, seed: int | None, trained: float) -> None:
        """kohya.md, 5. NaN draws black and says nothing but a RuntimeWarning."""
        folder = self.folder / "sample"
        folder.mkdir(parents=True, exist_ok=True)
        colour = (0, 0, 0) if math.isnan(trained) else (int(trained) % 200 + 20, 90, 40 * n % 256)
        stamp, seeded = time.strftime("%Y%m%d%H%M%S"), "" if seed is None else f"_{seed}"
        name = f"{self._args.output_name}_{step:06d}_{n:02d}_{stamp}{seeded}.png"
        Image.new("RGB", (width, height), colour).save(folder / name)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        args, (name, wide, narrow) = self._args, _UNET[self._base]
        dim = args.network_dim or 4
        modules: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {name: ((dim, wide), (narrow, dim))}
        if not args.network_train_unet_only:
            for prefix in _TEXT[self._base]:
                modules[f"{prefix}_text_model_encoder_layers_0_self_attn_q_proj"] = ((dim, 768), (768, dim))
        if any(word.startswith("conv_dim=") for word in args.network_args or []):
            modules[f"{name.partition('blocks_')[0]}blocks_0_resnets_0_conv1"] = ((dim, 320, 3, 3), (320, dim, 1, 1))
        shapes: dict[str, tuple[int, ...]] = {}
        for module, (down, up) in modules.items():
            shapes |= {f"{module}.alpha": (), f"{module}.lora_down.weight": down, f"{module}.lora_up.weight": up}
        return shapes

    def _metadata(self, step: int, epoch: int) -> dict[str, str]:
        args = self._args
        metadata = {
            "ss_v2": "False",
            "ss_base_model_version": _VERSION[self._base],
            "ss_network_module": args.network_module,
            "ss_network_dim": str(args.network_dim or 4),
            "ss_network_alpha": str(args.network_alpha or 1.0),
        }
        if args.network_args:
            metadata["ss_network_args"] = json.dumps(dict(word.split("=", 1) for word in args.network_args))
        if not args.no_metadata:
            metadata |= self._telling(step, epoch)
        return metadata | {
            "modelspec.sai_model_spec": "1.0.1",
            "modelspec.architecture": f"{_ARCHITECTURE[self._base]}/lora",
            "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
            "modelspec.title": args.output_name,
            "modelspec.date": time.strftime("%Y-%m-%dT%H:%M:%S"),
            "sshs_model_hash": hashlib.sha256(str(step).encode()).hexdigest(),
            "sshs_legacy_hash": "12345678",
        }

    def _telling(self, step: int, epoch: int) -> dict[str, str]:
        """What says too much (kohya.md, 6)."""
        images = self._found.images
        folder = next(iter(images)).parent.name
        tags = Counter(tag.strip() for caption in images.values() for tag in caption.split(","))
        return {
            "ss_output_name": self._args.output_name,
            "ss_session_id": "1234567890",
            "ss_steps": str(step),
            "ss_epoch": str(epoch),
            "ss_sd_model_name": Path(self._args.pretrained_model_name_or_path).name,
            "ss_num_train_images": str(self._found.count),
            "ss_training_started_at": str(time.time()),
            "ss_tag_frequency": json.dumps({folder: tags}),
            "ss_dataset_dirs": json.dumps({folder: {"n_repeats": self._found.repeats, "img_count": len(images)}}),
            "ss_datasets": json.dumps([{"tag_frequency": {folder: tags}, "subsets": [{"image_dir": folder}]}]),
        }


def trained(path: Path) -> float:
    """What stands in the tensors of a file that `lora` or `state` wrote: the last number of it."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    table = json.loads(raw[8 : 8 + length])
    half = next(entry["dtype"] for name, entry in table.items() if name != "__metadata__") == "F16"
    return float(struct.unpack("<e" if half else "<f", raw[-2:] if half else raw[-4:])[0])


def _safetensors(
    shapes: dict[str, tuple[int, ...]], value: float, alpha: float, precision: str | None, metadata: dict[str, str]
) -> bytes:
    """`value` in every tensor but the alphas. fp32 unless `precision` says otherwise (kohya.md, 2: save_precision)."""
    kind, code, width = ("F16", "e", 2) if precision in {"fp16", "bf16"} else ("F32", "f", 4)
    table: dict[str, object] = {"__metadata__": metadata}
    parts, at = [], 0
    for name, shape in shapes.items():
        count = math.prod(shape)
        number = alpha if name.endswith(".alpha") else value
        parts.append(struct.pack(f"<{code}", number) * count)
        table[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + count * width]}
        at += count * width
    head = json.dumps(table).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + b"".join(parts)

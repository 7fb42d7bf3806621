"""Randomly initialised vision models: `python -m tests.factories.miniature_vision FOLDER dinov2|clip`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def make(folder: Path, *, kind: str = "dinov2") -> Path:
    """The model folder, made in a child process: torch stays out of the test process."""
    done = subprocess.run([sys.executable, "-m", __name__, str(folder), kind], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def _make(folder: Path, kind: str) -> None:
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    picture = {"image_size": 32, "patch_size": 8}
    if kind == "clip":
        text = {**small, "vocab_size": 32, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
        CLIPModel(CLIPConfig(text_config=text, vision_config={**small, **picture}, projection_dim=12)).save_pretrained(folder)
    else:
        Dinov2Model(Dinov2Config(**small, **picture)).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)


if __name__ == "__main__":
    _make(Path(sys.argv[1]), sys.argv[2])

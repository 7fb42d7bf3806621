"""A randomly initialised BLIP caption model: `python -m tests.factories.miniature_blip FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.support import torch_child


def make(folder: Path) -> Path:
    """The model folder, made in a child process: torch stays out of the test process."""
    torch_child.run_module(__name__, folder)
    return folder


def _make(folder: Path) -> None:
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
    import torch
    from transformers import BertTokenizerFast, BlipConfig, BlipForConditionalGeneration, BlipImageProcessor, BlipProcessor

    folder.mkdir(parents=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", "a", "woman", "smiling", "at", "the", "beach", "forest", "in", "red"]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(3)
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    text = {
        **small,
        "vocab_size": len(words),
        "bos_token_id": 4,
        "eos_token_id": 3,
        "sep_token_id": 3,
        "pad_token_id": 0,
        "encoder_hidden_size": 16,
        "projection_dim": 16,
        "max_position_embeddings": 64,
    }
    vision = {**small, "image_size": 32, "patch_size": 8, "projection_dim": 16}
    config = BlipConfig(text_config=text, vision_config=vision, projection_dim=16, image_text_hidden_size=16)
    BlipForConditionalGeneration(config).save_pretrained(folder)
    pictures = BlipImageProcessor(size={"height": 32, "width": 32})
    BlipProcessor(pictures, BertTokenizerFast(str(folder / "vocab.txt"))).save_pretrained(folder)


if __name__ == "__main__":
    _make(Path(sys.argv[1]))

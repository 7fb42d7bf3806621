"""Randomly initialised vision models: `python -m tests.factories.miniature_vision FOLDER dinov2|clip`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tests.support import torch_child


def make(folder: Path, *, kind: str = "dinov2") -> Path:
    """The model folder, made in a child process: torch stays out of the test process."""
    torch_child.run_module(__name__, folder, kind)
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
        model = CLIPModel(CLIPConfig(text_config=text, vision_config={**small, **picture}, projection_dim=12))
        torch.manual_seed(17)  # one whose pictures and words agree a little, as a trained one's do
        model.text_projection.weight.data.normal_(0, 0.02)
        model.save_pretrained(folder)
        _tokenizer().save_pretrained(folder)
    else:
        Dinov2Model(Dinov2Config(**small, **picture)).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)


def _tokenizer() -> Any:
    """30 words and an end; a small model's text tower knows no more."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["<s>", "</s>", "<unk>", "red", "green", "beach", "forest", *(f"w{n}" for n in range(25))]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")


if __name__ == "__main__":
    _make(Path(sys.argv[1]), sys.argv[2])

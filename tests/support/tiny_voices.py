"""Kokoro and Pocket TTS folders with small random weights: what they say is noise, how they are loaded and asked is real."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.support import torch_child

SAMPLES_A_PHONEME = 1200
"""Of the tiny Kokoro: 50 ms at 24 kHz."""


def kokoro_folder(root: Path, voices: tuple[str, ...] = ("af_bella", "if_sara", "zf_xiaobei"), *, timed: bool = True) -> Path:
    """`kokoro/` in `root`. `timed`: the model says how long each phoneme takes, as newer exports do."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    folder = root / "kokoro"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    constants = {
        "sounds": (rng.standard_normal((200, SAMPLES_A_PHONEME)) * 0.1).astype(np.float32),
        "flat": np.array([-1], np.int64),
        "frames": np.array([2], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["sounds", "tokens"], ["of_tokens"]),
        helper.make_node("ReduceMean", ["style"], ["loudness"], keepdims=0),
        helper.make_node("Mul", ["of_tokens", "loudness"], ["louder"]),
        helper.make_node("Div", ["louder", "speed"], ["quieter"]),
        helper.make_node("Reshape", ["quieter", "flat"], ["audio"]),
        helper.make_node("Mul", ["tokens", "zero"], ["zeros"]),
        helper.make_node("Add", ["zeros", "frames"], ["durations"]),
        helper.make_node("Reshape", ["durations", "flat"], ["duration"]),
    ]
    constants["zero"] = np.array([0], np.int64)
    inputs = [
        helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, None]),
        helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
        helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
    ]
    outputs = [helper.make_tensor_value_info("audio", TensorProto.FLOAT, [None])]
    if timed:
        outputs.append(helper.make_tensor_value_info("duration", TensorProto.INT64, [None]))
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "tiny.onnx")
    styles: dict[str, Any] = {name: rng.random((510, 1, 256), np.float32) + 0.5 for name in voices}
    with (folder / "voices.bin").open("wb") as file:
        np.savez(file, **styles)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    return folder


def pocket_folder(root: Path, name: str = "italian", voices: tuple[str, ...] = ("giovanni",), *, cloning: bool = True) -> Path:
    """`pocket/NAME/` in `root`, made in a child: torch stays out of the test process. `cloning` False: with the encoder set to
    zero, as Kyutai's weights without voice cloning have it."""
    folder = root / "pocket" / name
    torch_child.run_module(__name__, folder, "cloning" if cloning else "speaking", *voices)
    return folder


def _make_pocket_folder(folder: Path, voices: Sequence[str], *, cloning: bool) -> None:
    import torch
    from pocket_tts import TTSModel
    from pocket_tts.models.model_state import export_model_state
    from safetensors.torch import save_file
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split

    (folder / "embeddings").mkdir(parents=True)
    vocabulary = {
        char: n for n, char in enumerate(["?", *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,!'àèéìòù"])
    }
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="?"))
    tokenizer.pre_tokenizer = Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    config = _pocket_config(len(vocabulary))
    path = folder / "config.yaml"
    local = {"tokenizer_path": str(folder / "tokenizer.json")}
    config["flow_lm"]["lookup_table"] |= local
    path.write_text(json.dumps(config))
    torch.manual_seed(0)
    model: Any = TTSModel.load_model(config=path)
    model.eval()
    weights = {key: torch.where(torch.isfinite(value), value, 0.01) for key, value in model.state_dict().items()}
    weights["flow_lm.emb_std"] = torch.ones_like(weights["flow_lm.emb_std"])
    weights["flow_lm.speaker_proj_weight"] = torch.randn_like(weights["flow_lm.speaker_proj_weight"]) * 0.1
    model.load_state_dict(weights)
    for n, voice in enumerate(voices):
        torch.manual_seed(n)
        state = model.get_state_for_audio_prompt(torch.randn(1, 24_000) * 0.1)
        export_model_state(state, folder / "embeddings" / f"{voice}.safetensors")
    if not cloning:
        weights = {key: torch.zeros_like(value) if ".encoder" in key else value for key, value in weights.items()}
    save_file(weights, folder / "model.safetensors")
    # As in the configurations of the library: both would be downloaded.
    config["flow_lm"]["lookup_table"]["tokenizer_path"] = "hf://nobody/nothing/tokenizer.json@0"
    remote = {
        "weights_path": "hf://nobody/nothing/model.safetensors@0",
        "weights_path_without_voice_cloning": "hf://nobody/less",
    }
    path.write_text(json.dumps(config | remote))
    (folder / "MODEL_CARD").write_text("License: CC-BY-4.0\n")


def _pocket_config(tokens: int) -> dict[str, Any]:
    seanet = {
        "dimension": 16,
        "channels": 1,
        "n_filters": 2,
        "n_residual_layers": 1,
        "ratios": [6, 5, 4],
        "kernel_size": 7,
        "residual_kernel_size": 3,
        "last_kernel_size": 3,
        "dilation_base": 2,
        "pad_mode": "constant",
        "compress": 2,
    }
    transformer = {
        "d_model": 16,
        "num_heads": 2,
        "num_layers": 1,
        "layer_scale": 0.01,
        "context": 250,
        "dim_feedforward": 32,
        "input_dimension": 16,
        "output_dimensions": [16],
    }
    mimi = {
        "dtype": "float32",
        "sample_rate": 24_000,
        "inner_dim": 8,
        "outer_dim": 16,
        "channels": 1,
        "frame_rate": 12.5,
        "seanet": seanet,
        "transformer": transformer,
        "quantizer": {"dimension": 8, "output_dimension": 16},
    }
    flow_lm = {
        "insert_bos_before_voice": True,
        "dtype": "float32",
        "flow": {"depth": 1, "dim": 16},
        "transformer": {"d_model": 32, "hidden_scale": 2, "max_period": 10_000, "num_heads": 2, "num_layers": 1},
        "lookup_table": {"dim": 32, "n_bins": tokens, "tokenizer": "tokenizers", "tokenizer_path": ""},
    }
    return {"flow_lm": flow_lm, "mimi": mimi}


if __name__ == "__main__":
    _make_pocket_folder(Path(sys.argv[1]), sys.argv[3:], cloning=sys.argv[2] == "cloning")

"""Uploaded LoRAs of every layout: named for what they are, renamed where that is all, and never read twice over."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from backend.errors import Invalid
from backend.media.model_files import lora_check, lora_layouts, safetensors, sd_layers
from backend.media.model_files.lora_check_child import check

Shapes = Mapping[str, tuple[int, ...]]
RANK = 2
TO_K, TO_Q = (
    "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k",
    "mid_block.attentions.0.transformer_blocks.0.attn1.to_q",
)
FITS = {"sd15": (768, 640), "sd21": (1024, 640), "sdxl": (2048, 640)}


def file(path: Path, shapes: Shapes, metadata: dict[str, str] | None = None, **values: float) -> Path:
    """Random numbers of these shapes; `values`: numbers by the end of a tensor's name."""
    random = np.random.default_rng(0)
    tensors = {name: random.normal(size=shape).astype(np.float16) for name, shape in shapes.items()}
    tensors |= {
        name: np.full(shapes[name], values["alpha"], np.float16) for name in shapes if name.endswith("alpha") and values
    }
    save_file(tensors, path, metadata)
    return path


def pair(name: str, reads: int, writes: int, down: str = "lora_down", up: str = "lora_up", rank: int = RANK) -> Shapes:
    return {f"{name}.{down}.weight": (rank, reads), f"{name}.{up}.weight": (writes, rank)}


def kohya(base: str = "sd15", **extra_shapes: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    name = "lora_unet_" + TO_K.replace(".", "_")
    return {**pair(name, *FITS[base]), f"{name}.alpha": (), **extra_shapes}


def refusal(path: Path) -> str:
    with pytest.raises(Invalid) as refused:
        check(path, path.with_name("out.safetensors"))
    assert refused.value.message.count(". ") >= 1, "what it is, and what to do"
    return refused.value.message


LAYOUTS: dict[str, Shapes] = {
    "LoKr": {"lora_unet_x.lokr_w1": (4, 4), "lora_unet_x.lokr_w2": (8, 8), "lora_unet_x.alpha": ()},
    "LoHa": {"lora_unet_x.hada_w1_a": (4, 4), "lora_unet_x.hada_w1_b": (4, 4), "lora_unet_x.alpha": ()},
    "DoRA": {**pair("lora_unet_x", 4, 4), "lora_unet_x.dora_scale": (1, 4)},
    "LoCon": {**pair("lora_unet_x", 4, 4), "lora_unet_x.lora_mid.weight": (2, 2, 3, 3)},
    "OFT": {"lora_unet_x.oft_blocks": (4, 4, 4)},
    "IA3": {"lora_unet_x.weight": (4,), "lora_unet_x.on_input": ()},
    "GLoRA": {"lora_unet_x.a1.weight": (4, 4), "lora_unet_x.b1.weight": (4, 4)},
    "full": {"lora_unet_x.diff": (4, 4)},
    "FLUX": pair("lora_unet_double_blocks_0_img_attn_proj", 4, 4),
    "transformer": pair("diffusion_model.blocks.0.self_attn.q", 4, 4, "lora_A", "lora_B"),
    "SD3": pair("lora_unet_joint_blocks_0_x_block_attn_qkv", 4, 4),
    "checkpoint": {"model.diffusion_model.input_blocks.0.0.weight": (4, 4), "first_stage_model.x": (1,)},
    "model part": {"down_blocks.0.resnets.0.conv1.weight": (4, 4, 3, 3)},
    "embedding": {"emb_params": (3, 768)},
    "controlnet": {"control_model.input_blocks.0.0.weight": (4, 4)},
    "ip-adapter": {"image_proj.proj.weight": (4, 4)},
    "other": {"something": (5, 5, 5)},
    "empty": {},
}
ALSO: list[tuple[str, Shapes]] = [
    ("FLUX", pair("transformer.single_transformer_blocks.0.attn.to_q", 4, 4, "lora_A", "lora_B")),
    (
        "FLUX",
        {"double_blocks.0.processor.qkv_lora1.down.weight": (2, 4), "double_blocks.0.processor.qkv_lora1.up.weight": (4, 2)},
    ),
    ("model part", {"double_blocks.0.img_attn.qkv.weight": (4, 4)}),
    ("DoRA", {**pair(f"unet.{TO_K}", 4, 4, "lora_A", "lora_B"), f"unet.{TO_K}.lora_magnitude_vector": (4,)}),
    ("embedding", {"clip_l": (4, 768), "clip_g": (4, 1280)}),
    ("embedding", {"<bella>": (768,)}),
    ("transformer", pair("transformer.transformer_blocks.0.attn.to_q", 4, 4, "lora_A", "lora_B")),
]


@pytest.mark.parametrize(("layout", "shapes"), [*LAYOUTS.items(), *ALSO])
def test_every_layout_gets_its_own_sentence(tmp_path: Path, layout: str, shapes: Shapes) -> None:
    flux1 = {"ss_base_model_version": "flux1"} if layout == "FLUX" else None
    assert refusal(file(tmp_path / "a.safetensors", shapes, flux1)) == lora_layouts.REFUSALS[layout]


def test_no_two_sentences_are_alike() -> None:
    assert len(set(lora_layouts.REFUSALS.values())) == len(lora_layouts.REFUSALS)


@pytest.mark.parametrize("base", FITS)
def test_a_plain_lora_stays_as_it_is(tmp_path: Path, base: str) -> None:
    path = file(tmp_path / "a.safetensors", kohya(base), alpha=1.5)
    checked = lora_check.check(path, tmp_path / "out.safetensors")
    assert (checked.path, checked.base, checked.dim, checked.alpha, checked.converted_from) == (path, base, RANK, 1.5, "")


@pytest.mark.parametrize(
    ("layout", "shapes"),
    [
        ("diffusers", pair(f"unet.{TO_K}", 768, 640, "lora_A", "lora_B")),
        ("diffusers", pair(TO_K, 768, 640, "lora_A", "lora_B")),
        ("diffusers", pair(f"unet.{TO_K}", 768, 640, "lora.down", "lora.up")),
        ("PEFT", pair(f"base_model.model.{TO_K}", 768, 640, "lora_A", "lora_B")),
        ("PEFT", pair(f"unet.base_model.model.{TO_K}", 768, 640, "lora_A.default", "lora_B.default")),
        ("old diffusers", pair(TO_K.replace(".to_k", ".processor.to_k_lora"), 768, 640, "down", "up")),
        ("old diffusers", pair(f"unet.{TO_K}".replace(".to_k", ".processor.to_k_lora"), 768, 640, "down", "up")),
    ],
)
def test_what_only_has_other_names_is_renamed(tmp_path: Path, layout: str, shapes: Shapes) -> None:
    path = file(tmp_path / "a.safetensors", shapes, {"author": "somebody"})
    checked = lora_check.check(path, tmp_path / "out.safetensors")
    name = "lora_unet_" + TO_K.replace(".", "_")
    assert (checked.converted_from, checked.base, checked.dim, checked.alpha) == (layout, "sd15", RANK, RANK)
    assert ("adapter_config.json" in checked.note) == (layout == "PEFT")
    before, after = load_file(path), load_file(checked.path)
    assert after.keys() == {f"{name}.lora_down.weight", f"{name}.lora_up.weight", f"{name}.alpha"}
    for old in before:
        kind = "lora_down" if before[old].shape[0] == RANK else "lora_up"
        np.testing.assert_array_equal(before[old], after[f"{name}.{kind}.weight"])
    metadata = safetensors.inspect(checked.path).metadata
    assert (metadata["author"], metadata["original_sha256"], metadata["converted_from"]) == ("somebody", checked.sha256, layout)
    assert metadata["modelspec.architecture"] == "stable-diffusion-v1/lora"


def test_all_parts_find_their_place(tmp_path: Path) -> None:
    layer = "layers.0.self_attn.q_proj"
    shapes = {
        **pair(f"unet.{TO_K}", 2048, 640, "lora_A", "lora_B"),
        **pair(f"unet.{TO_Q}".replace("attn1.to_q", "attn1.to_out.0"), 1280, 1280, "lora_A", "lora_B"),
        **pair(f"text_encoder.text_model.encoder.{layer}", 768, 768, "lora_linear_layer.down", "lora_linear_layer.up"),
        **pair(f"text_encoder_2.encoder.{layer}", 1280, 1280, "lora_A", "lora_B"),
    }
    config = {"unet.lora_alpha": 4, "unet.alpha_pattern": {"attn1.to_out.0": 1}, "unet.use_rslora": True}
    path = file(tmp_path / "a.safetensors", shapes, {"lora_adapter_metadata": json.dumps(config)})
    checked = check(path, tmp_path / "out.safetensors")
    assert checked["base"] == "sdxl"
    alphas = {name.removesuffix(".alpha"): value for name, value in load_file(Path(checked["path"])).items() if "alpha" in name}
    assert {name: round(float(value), 4) for name, value in alphas.items()} == {
        "lora_unet_" + TO_K.replace(".", "_"): round(4 * 2**0.5, 4),
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out_0": round(2**0.5, 4),
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj": 2,
        "lora_te2_text_model_encoder_layers_0_self_attn_q_proj": 2,
    }


X = "lora_unet_mid_block_resnets_0_conv1"


@pytest.mark.parametrize(
    ("shapes", "metadata", "says"),
    [
        ({**kohya(), f"{X}.lora_down.weight": (2, 1280, 3, 3)}, None, "incomplete"),
        (
            {**kohya(), f"{X}.lora_down.weight": (2, 1280, 3, 3), f"{X}.lora_up.weight": (1280, 4, 1, 1)},
            None,
            "different ranks",
        ),
        (
            {**kohya(), **pair("lora_unet_no_such_layer", 4, 4)},
            {"ss_base_model_version": "sd_v1"},
            "has no layer lora_unet_no_such",
        ),
        ({**kohya(), **pair("lora_unet_no_such_layer", 4, 4)}, None, "model of another kind"),
        (kohya("sd15"), {"ss_base_model_version": "sdxl_base_v1-0"}, "but its layers are those of Stable Diffusion 1.5"),
        (pair("lora_unet_" + TO_Q.replace(".", "_"), 1280, 1280), None, "fits .* does not say which"),
        (pair("lora_unet_x", 4, 4), {"ss_base_model_version": "wan2.1"}, "it says wan2.1"),
        ({**pair(f"unet.{TO_K}", 768, 640, "lora_A", "lora_B"), f"unet.{TO_K}.lora_B.bias": (640,)}, None, "lora_B.bias"),
    ],
)
def test_what_could_not_be_drawn_is_refused(tmp_path: Path, shapes: Shapes, metadata: dict[str, str] | None, says: str) -> None:
    assert re.search(says, refusal(file(tmp_path / "a.safetensors", shapes, metadata)))


def test_an_alpha_of_nothing_is_refused(tmp_path: Path) -> None:
    assert "alpha of 0" in refusal(file(tmp_path / "a.safetensors", kohya(), alpha=0.0))


def test_convolutions_and_xl_by_their_original_names_fit(tmp_path: Path) -> None:
    conv = {f"{X}.lora_down.weight": (2, 1280, 3, 3), f"{X}.lora_up.weight": (1280, 2, 1, 1)}
    assert check(file(tmp_path / "a.safetensors", {**kohya(), **conv}, alpha=1), tmp_path / "o")["base"] == "sd15"
    original = {
        **pair("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 2048, 640),
        "lora_unet_output_blocks_2_2_conv.lora_down.weight": (2, 1280, 3, 3),
        "lora_unet_output_blocks_2_2_conv.lora_up.weight": (1280, 2, 1, 1),
    }
    assert check(file(tmp_path / "b.safetensors", original), tmp_path / "o")["base"] == "sdxl"


def overlapping(path: Path, tensors: int, megabytes: int) -> Path:
    """All of them over the same bytes: a small file that is much to read."""
    end = megabytes << 20
    entries = ",".join(
        f'"lora_unet_{n:06d}.alpha":{{"dtype":"F16","shape":[{end // 2}],"data_offsets":[0,{end}]}}' for n in range(tensors)
    )
    head = ("{" + entries + "}").encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        file.truncate(8 + len(head) + end)
    return path


def test_tensors_that_overlap_are_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="broken"):
        lora_check.check(overlapping(tmp_path / "bomb.safetensors", 2_000, 20), tmp_path / "out")
    with pytest.raises(Invalid, match=r"lists 21,000 tensors"):
        lora_check.check(overlapping(tmp_path / "many.safetensors", 21_000, 1), tmp_path / "out")


@pytest.mark.parametrize("offsets", [[(0, 4), (6, 10)], [(0, 4), (2, 6)], [(2, 6), (6, 10)], [(0, 4), (4, 8)]])
def test_holes_and_spare_bytes_are_refused(tmp_path: Path, offsets: list[tuple[int, int]]) -> None:
    table: dict[str, Any] = {
        str(n): {"dtype": "F16", "shape": [2], "data_offsets": list(pair)} for n, pair in enumerate(offsets)
    }
    head = json.dumps(table).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(head)) + head + bytes(10))
    with pytest.raises(Invalid, match="broken"):
        safetensors.read_header(path)


def test_xl_layers_have_two_names() -> None:
    assert sd_layers.original_name("lora_unet_down_blocks_1_resnets_0_conv1") == "lora_unet_input_blocks_4_0_in_layers_2"
    assert sd_layers.original_name("up_blocks_0_upsamplers_0_conv") == "output_blocks_2_2_conv"
    assert sd_layers.original_name("lora_te1_text_model_encoder_layers_0_mlp_fc1").startswith("lora_te1")

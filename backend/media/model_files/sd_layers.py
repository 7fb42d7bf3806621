"""The layers of the Stable Diffusion families that a LoRA can change: kohya's names and sizes, without loading a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

FAMILIES = {"sd15": "Stable Diffusion 1.5", "sd21": "Stable Diffusion 2", "sdxl": "Stable Diffusion XL"}
"""Family -> name for people."""


@dataclass(frozen=True, slots=True)
class Layer:
    """`reads`, `writes`: features or channels. `kernel`: side of a convolution; 1 for a linear layer."""

    reads: int
    writes: int
    kernel: int = 1


@dataclass(frozen=True, slots=True)
class _Family:
    """`depths`: transformer layers of each level, 0: a level without attention; `middle`: of the middle block.

    `text`: width of the text that cross-attention reads. `encoders`: (prefix, width, layers, written width) of each.
    """

    channels: tuple[int, ...]
    depths: tuple[int, ...]
    middle: int
    text: int
    added: int
    encoders: tuple[tuple[str, int, int, int], ...]


_FAMILIES = {
    "sd15": _Family((320, 640, 1280, 1280), (1, 1, 1, 0), 1, 768, 0, (("lora_te", 768, 12, 0),)),
    "sd21": _Family((320, 640, 1280, 1280), (1, 1, 1, 0), 1, 1024, 0, (("lora_te", 1024, 24, 0),)),
    "sdxl": _Family(
        (320, 640, 1280), (0, 2, 10), 10, 2048, 2816, (("lora_te1", 768, 12, 0), ("lora_te2", 1280, 32, 1280))
    ),
}  # fmt: skip
_RESNETS = 2  # of each level on the way down; one more on the way up


@cache
def layers(base: str) -> dict[str, Layer]:
    """kohya's name (`lora_unet_down_blocks_0_…`, XL also `lora_unet_input_blocks_1_…`) -> layer. {}: an unknown base."""
    family = _FAMILIES.get(base)
    if family is None:
        return {}
    result = {f"lora_unet_{name}": layer for name, layer in _unet(family)}
    if base == "sdxl":
        result |= {original_name(name): layer for name, layer in result.items()}
    for encoder in family.encoders:
        result |= dict(_encoder(*encoder))
    return result


def original_name(name: str) -> str:
    """The name by which kohya's scripts call a layer of the XL U-Net, whose blocks are numbered through as first published.

    `name` is made of diffusers' names, with or without `lora_unet_` in front.
    """
    path = name.removeprefix("lora_unet_")
    prefix = name[: len(name) - len(path)]
    for pattern, replacement in _ORIGINAL_NAMES:
        if match := re.match(pattern, path):
            suffix = path[match.end() :]
            return prefix + replacement(match) + _INNER_NAMES.get(suffix, suffix)
    return name


_ORIGINAL_NAMES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"conv_in$", lambda m: "input_blocks_0_0"),
    (r"conv_out$", lambda m: "out_2"),
    (r"time_embedding_linear_([12])$", lambda m: f"time_embed_{2 * int(m[1]) - 2}"),
    (r"add_embedding_linear_([12])$", lambda m: f"label_emb_0_{2 * int(m[1]) - 2}"),
    (r"down_blocks_(\d)_resnets_(\d)", lambda m: f"input_blocks_{3 * int(m[1]) + int(m[2]) + 1}_0"),
    (r"down_blocks_(\d)_attentions_(\d)", lambda m: f"input_blocks_{3 * int(m[1]) + int(m[2]) + 1}_1"),
    (r"down_blocks_(\d)_downsamplers_0_conv$", lambda m: f"input_blocks_{3 * int(m[1]) + 3}_0_op"),
    (r"mid_block_resnets_(\d)", lambda m: f"middle_block_{2 * int(m[1])}"),
    (r"mid_block_attentions_0", lambda m: "middle_block_1"),
    (r"up_blocks_(\d)_resnets_(\d)", lambda m: f"output_blocks_{3 * int(m[1]) + int(m[2])}_0"),
    (r"up_blocks_(\d)_attentions_(\d)", lambda m: f"output_blocks_{3 * int(m[1]) + int(m[2])}_1"),
    (r"up_blocks_(\d)_upsamplers_0_conv$", lambda m: f"output_blocks_{3 * int(m[1]) + 2}_2_conv"),
)
_INNER_NAMES = {
    "_conv1": "_in_layers_2",
    "_time_emb_proj": "_emb_layers_1",
    "_conv2": "_out_layers_3",
    "_conv_shortcut": "_skip_connection",
}


def _unet(family: _Family) -> Iterator[tuple[str, Layer]]:
    first, *_ = channels = family.channels
    time = 4 * first
    yield "conv_in", Layer(4, first, 3)
    yield "conv_out", Layer(first, 4, 3)
    for name, width in (("time_embedding", first), ("add_embedding", family.added)):
        if width:
            yield f"{name}_linear_1", Layer(width, time)
            yield f"{name}_linear_2", Layer(time, time)
    levels = list(zip(channels, family.depths, strict=True))
    skips, width_in = [first], first
    for i, (width, depth) in enumerate(levels):
        for j in range(_RESNETS):
            yield from _resnet(f"down_blocks_{i}_resnets_{j}", width_in, width, time)
            yield from _attention(f"down_blocks_{i}_attentions_{j}", width, depth, family.text)
            width_in = width
            skips.append(width_in)
        if i < len(levels) - 1:
            yield f"down_blocks_{i}_downsamplers_0_conv", Layer(width, width, 3)
            skips.append(width_in)
    for j in (0, 1):
        yield from _resnet(f"mid_block_resnets_{j}", width_in, width_in, time)
    yield from _attention("mid_block_attentions_0", width_in, family.middle, family.text)
    for i, (width, depth) in enumerate(reversed(levels)):
        for j in range(_RESNETS + 1):
            yield from _resnet(f"up_blocks_{i}_resnets_{j}", width_in + skips.pop(), width, time)
            yield from _attention(f"up_blocks_{i}_attentions_{j}", width, depth, family.text)
            width_in = width
        if i < len(levels) - 1:
            yield f"up_blocks_{i}_upsamplers_0_conv", Layer(width, width, 3)


def _resnet(name: str, reads: int, writes: int, time: int) -> Iterator[tuple[str, Layer]]:
    yield f"{name}_conv1", Layer(reads, writes, 3)
    yield f"{name}_time_emb_proj", Layer(time, writes)
    yield f"{name}_conv2", Layer(writes, writes, 3)
    if reads != writes:
        yield f"{name}_conv_shortcut", Layer(reads, writes)


def _attention(name: str, width: int, depth: int, text: int) -> Iterator[tuple[str, Layer]]:
    for end in ("proj_in", "proj_out") if depth else ():
        yield f"{name}_{end}", Layer(width, width)
    for k in range(depth):
        block = f"{name}_transformer_blocks_{k}"
        for attention, reads in (("attn1", width), ("attn2", text)):
            yield f"{block}_{attention}_to_q", Layer(width, width)
            yield f"{block}_{attention}_to_k", Layer(reads, width)
            yield f"{block}_{attention}_to_v", Layer(reads, width)
            yield f"{block}_{attention}_to_out_0", Layer(width, width)
        yield f"{block}_ff_net_0_proj", Layer(width, 8 * width)
        yield f"{block}_ff_net_2", Layer(4 * width, width)


def _encoder(prefix: str, width: int, count: int, projection: int) -> Iterator[tuple[str, Layer]]:
    for n in range(count):
        layer = f"{prefix}_text_model_encoder_layers_{n}"
        for part in "qkv":
            yield f"{layer}_self_attn_{part}_proj", Layer(width, width)
        yield f"{layer}_self_attn_out_proj", Layer(width, width)
        yield f"{layer}_mlp_fc1", Layer(width, 4 * width)
        yield f"{layer}_mlp_fc2", Layer(4 * width, width)
    if projection:
        yield f"{prefix}_text_projection", Layer(width, projection)

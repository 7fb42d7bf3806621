"""Recipes of strangers: real shapes are understood, anything else is survived, what we write we read again."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from backend.media.images import recipe_text
from backend.media.images.ai_mark import SOURCE_TYPE, add_mark
from backend.media.images.picture_metadata import with_texts
from backend.media.images.pictures_child import read_source_type, recipe_texts
from backend.media.images.recipe_text import ParsedRecipe

A1111 = """masterpiece, portrait of bella, at the beach, <lora:bella-v1:0.8>, <lora:Film Grain:1>
second line: of the prompt
Negative prompt: blurry, extra fingers
Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 3127478453, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned, Lora hashes: "bella-v1: 0ab1, Film Grain: 77fe", Version: v1.9.3"""
COMFY: dict[str, Any] = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 156680208700286, "steps": 20, "cfg": 8.0, "sampler_name": "euler",
          "scheduler": "normal", "denoise": 1.0, "model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0],
          "latent_image": ["5", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd\\dreamshaper_8.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 640, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "bella in a café", "clip": ["10", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": ["12", 0], "clip": ["10", 1]}},
    "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "bella-v1.safetensors", "strength_model": 0.7,
           "strength_clip": 1.0, "model": ["4", 0], "clip": ["4", 1]}},
    "12": {"class_type": "PrimitiveString", "inputs": {"value": "ugly"}},
}  # fmt: skip
WORKFLOW: dict[str, Any] = {
    "last_node_id": 9, "version": 0.4,
    "nodes": [
        {"id": 3, "type": "KSampler", "widgets_values": [42, "randomize", 12, 7, "dpmpp_2m", "karras", 1],
         "inputs": [{"name": "model", "link": 1}, {"name": "positive", "link": 4}, {"name": "negative", "link": 6},
                    {"name": "latent_image", "link": 2}]},
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["sdxl.safetensors"], "inputs": []},
        {"id": 5, "type": "EmptyLatentImage", "widgets_values": [1024, 576, 1]},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["a tram"], "inputs": [{"name": "clip", "link": 3}]},
        {"id": 7, "type": "CLIPTextEncode", "widgets_values": [""], "inputs": [{"name": "clip", "link": 5}]},
    ],
    "links": [[1, 4, 0, 3, 0, "MODEL"], [2, 5, 0, 3, 3, "LATENT"], [3, 4, 1, 6, 0, "CLIP"], [4, 6, 0, 3, 1, "CONDITIONING"],
              [5, 4, 1, 7, 0, "CLIP"], [6, 7, 0, 3, 2, "CONDITIONING"]],
}  # fmt: skip


def test_a1111() -> None:
    assert recipe_text.read_recipe({"parameters": A1111}) == ParsedRecipe(
        "a1111", "masterpiece, portrait of bella, at the beach, \nsecond line: of the prompt", "blurry, extra fingers",
        "v1-5-pruned", "DPM++ 2M Karras", 28, 6.5, 3127478453, 512, 768, (("bella-v1", 0.8), ("Film Grain", 1.0)),
    )  # fmt: skip


def test_comfyui_in_both_shapes() -> None:
    assert recipe_text.read_recipe({"prompt": json.dumps(COMFY), "workflow": "{}"}) == ParsedRecipe(
        "comfyui", "bella in a café", "ugly", "dreamshaper_8", "euler", 20, 8.0, 156680208700286, 512, 640, (("bella-v1", 0.7),)
    )
    assert recipe_text.read_recipe({"workflow": json.dumps(WORKFLOW)}) == ParsedRecipe(
        "comfyui", "a tram", "", "sdxl", "dpmpp_2m", 12, 7.0, 42, 1024, 576
    )


@pytest.mark.parametrize(
    ("texts", "says"),
    [({}, "does not say how it was made"), ({"parameters": "just words"}, "no line of settings"),
     ({"prompt": '{"1": {"inputs": {}}}'}, "no sampler"), ({"influencerai": "{"}, "damaged")],
)  # fmt: skip
def test_what_is_missing_or_broken_is_said(texts: dict[str, str], says: str) -> None:
    recipe = recipe_text.read_recipe(texts)
    assert recipe.format == ""
    assert says in recipe.notes[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["inputs", "nodes", "links", "steps", "seed", "positive", "text", "3", "model", "loras", "prompt"]),
        inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@example("prompt", '{"nodes": [{"inputs": true}], "links": true}')
@given(st.sampled_from(recipe_text.TEXT_KEYS), JSON.map(json.dumps) | st.text(max_size=300) | st.just("[" * 5000))
def test_nothing_a_file_says_breaks_the_reader(key: str, text: str) -> None:
    recipe = recipe_text.read_recipe({key: text})
    assert recipe.format in ("", "a1111", "comfyui", "influencerai")
    assert recipe_text.from_dict(json.loads(json.dumps({**_plain(recipe)}))) == recipe


def _plain(recipe: ParsedRecipe) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name in ParsedRecipe.__slots__}


def test_a_graph_that_bites_its_tail_ends() -> None:
    turning = {"1": {"inputs": {"steps": 1, "seed": ["2", 0], "positive": ["2", 0], "model": ["1", 0]}},
               "2": {"inputs": {"value": ["2", 0], "text": ["2", 0]}}}  # fmt: skip
    assert recipe_text.read_recipe({"prompt": json.dumps(turning)}).prompt == ""


words = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Zl", "Zp", "Cc")), max_size=60)


@given(words.map(str.strip), words.map(str.strip), st.integers(0, 2**32))
def test_what_we_write_we_and_others_read(prompt: str, negative: str, seed: int) -> None:
    written = ParsedRecipe("influencerai", prompt, negative, "starter", "ddim", 20, 3.5, seed, 128, 192, (("bella-v1", 0.8),))
    assert recipe_text.read_recipe({"influencerai": recipe_text.to_own_json(written)}) == written
    parsed = recipe_text.read_recipe({"parameters": recipe_text.to_a1111(written)})
    assert (parsed.seed, parsed.steps, parsed.width, parsed.model, parsed.loras[-1:]) == (
        seed,
        20,
        128,
        "starter",
        written.loras,
    )


def test_texts_are_written_beside_the_pixels_and_found_by_others() -> None:
    picture = Image.effect_noise((40, 30), 80).convert("RGB")
    png_bytes = io.BytesIO()
    picture.save(png_bytes, "PNG")
    with_chunks = with_texts(png_bytes.getvalue(), {"parameters": A1111, "influencerai": '{"prompt": "日本"}'})
    with Image.open(io.BytesIO(with_chunks)) as opened:
        opened.load()
        assert recipe_texts(opened) == {"parameters": A1111, "influencerai": '{"prompt": "日本"}'}
        assert opened.tobytes() == picture.tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_ai_mark_goes_into_every_kind(kind: str, tmp_path: Path) -> None:
    picture = Image.effect_noise((40, 30), 80).convert("RGB")
    source, target = tmp_path / "a", tmp_path / "b"
    picture.save(source, kind)
    add_mark(source, target, f"image/{kind.lower()}", width=40, height=30)
    with Image.open(source) as before, Image.open(target) as after:
        before.load()
        after.load()
        assert (read_source_type(before), read_source_type(after)) == ("", SOURCE_TYPE)
        assert before.tobytes() == after.tobytes()


def test_a_jpegs_comment_is_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + A1111.encode("utf-16-be")
    Image.new("RGB", (32, 32)).save(tmp_path / "a.jpg", exif=exif)
    with Image.open(tmp_path / "a.jpg") as opened:
        opened.load()
        assert recipe_text.read_recipe(recipe_texts(opened)).seed == 3127478453

"""Recipes built to do harm: to keep a reader busy for hours, or to put into a database what it cannot hold."""

from __future__ import annotations

import json

import pytest

from backend.media.images import recipe_text
from tests.backend.media.images.test_recipe_text import COMFY


@pytest.mark.parametrize("said", ["<lora:" + " " * 500_000, "a" + " " * 500_000 + "b", "<lora:x:" + "1" * 500_000])
def test_a_text_built_to_take_for_ever_does_not(said: str) -> None:
    """Half a megabyte on which a careless pattern tries every way to split it: hours."""
    assert recipe_text.read_recipe({"parameters": f"{said}\nSteps: 20, Seed: 7"}).seed == 7


def test_what_no_database_keeps_is_left_out() -> None:
    """JSON can spell what the file's own text cannot hold."""
    loras = [{"name": "bel\x00la", "weight": 1}]
    recipe_json = json.dumps(
        {"prompt": "a\x00b\ud800c\nd", "negativePrompt": "\x01", "model": "\udfffm", "sampler": "s\x00", "loras": loras}
    )
    graph = json.loads(json.dumps(COMFY))
    graph["6"]["inputs"]["text"] = "caf\ud800é\x00"
    recipe = recipe_text.read_recipe({"influencerai": recipe_json})
    assert (recipe.prompt, recipe.negative, recipe.model, recipe.sampler, recipe.loras) == (
        "abc\nd",
        "",
        "m",
        "s",
        (("bella", 1.0),),
    )
    assert recipe_text.read_recipe({"prompt": json.dumps(graph)}).prompt == "café"

"""Binding by title: built-in workflows, and the eight graphs a live server accepted, whatever their ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.engines.comfyui.graphs import lint, mapping
from backend.engines.comfyui.graphs import workflow as comfy_workflow
from backend.engines.comfyui.graphs.workflow import bind, bypass, load_builtin
from backend.engines.ports.workflow import PICTURE_ROLES, Graph, InputSlot
from backend.errors import Invalid
from tests.factories import graphs

VALUES = {
    "prompt": "a harbour",
    "negative": "",
    "seed": 7,
    "steps": 11,
    "cfg": 5.5,
    "sampler": "ddim",
    "scheduler": "simple",
    "width": 640,
    "height": 448,
    "checkpoint": "photo.safetensors",
    "strength": 0.4,
}


def values_at(graph: Graph, class_type: str, name: str) -> list[Any]:
    return [node["inputs"].get(name) for node in graph.values() if node["class_type"] == class_type]


def upstream(graph: Graph, key: str, *path: str) -> str:
    """The id reached by following these inputs."""
    for name in path:
        key = graph[key]["inputs"][name][0]
    return key


@pytest.mark.parametrize("name", comfy_workflow.builtin_names())
def test_every_built_in_workflow_is_sound(name: str) -> None:
    workflow = load_builtin(name)
    assert lint.lint(workflow.graph) == []
    assert lint.unknown_classes(workflow.graph) == []
    assert mapping.unbound_pictures(workflow.graph, dict(workflow.slots)) == []
    assert workflow.results
    assert all(node["_meta"]["title"] for node in workflow.graph.values())


@pytest.mark.parametrize("name", ["txt2img_sd15", "txt2img_sdxl"])
def test_text_to_image_with_three_loras(name: str) -> None:
    bound = bind(
        load_builtin(name),
        VALUES,
        [("studio/a.safetensors", 0.8), ("studio/b.safetensors", -0.5), ("c.safetensors", 1.0)],
        "studio/j1",
    )
    assert lint.lint(bound) == []
    sampler = next(key for key, node in bound.items() if node["class_type"] == "KSampler")
    chain, key = [], upstream(bound, sampler, "model")
    while bound[key]["class_type"] == "LoraLoader":
        inputs = bound[key]["inputs"]
        chain.append((inputs["lora_name"], inputs["strength_model"], inputs["strength_clip"]))
        assert upstream(bound, key, "clip") == upstream(bound, key, "model")
        key = upstream(bound, key, "model")
    assert chain == [("c.safetensors", 1.0, 1.0), ("studio/b.safetensors", -0.5, -0.5), ("studio/a.safetensors", 0.8, 0.8)]
    assert bound[key]["inputs"] == {"ckpt_name": "photo.safetensors"}
    assert upstream(bound, sampler, "positive", "clip") == upstream(bound, sampler, "model")
    assert bound[sampler]["inputs"]["seed"] == 7
    assert bound[sampler]["inputs"]["denoise"] == 1.0, "nothing to keep: everything is drawn"
    text = "text_g" if name.endswith("xl") else "text"
    assert bound[upstream(bound, sampler, "positive")]["inputs"][text] == "a harbour"
    assert bound[upstream(bound, sampler, "negative")]["inputs"][text] == ""
    size = bound[upstream(bound, sampler, "latent_image")]["inputs"]
    assert (size["width"], size["height"], size["batch_size"]) == (640, 448, 1)
    assert values_at(bound, "SaveImage", "filename_prefix") == ["studio/j1"]


def test_without_loras_no_loader_is_left() -> None:
    bound = bind(load_builtin("txt2img_sd15"), VALUES)
    assert "LoraLoader" not in {node["class_type"] for node in bound.values()}
    assert lint.lint(bound) == []
    assert bind(load_builtin("txt2img_sd15"), VALUES, [("a", 1.0)]) != bound, "binding never changes the workflow"


def test_a_drawn_pose_needs_no_reader() -> None:
    read = bind(load_builtin("pose"), {**VALUES, "pose": "p.png"})
    drawn = bind(bypass(load_builtin("pose"), "Pose reader", "Pose"), {**VALUES, "pose": "p.png"})
    assert "SDPoseDrawKeypoints" in {node["class_type"] for node in read.values()}
    assert not {"SDPoseDrawKeypoints", "SDPoseKeypointExtractor"} & {node["class_type"] for node in drawn.values()}
    assert values_at(drawn, "CheckpointLoaderSimple", "ckpt_name") == ["photo.safetensors"]


def test_a_start_picture_is_kept_as_far_as_strength_says() -> None:
    bound = bind(load_builtin("img2img"), {**VALUES, "picture": "jobs/a.png"})
    assert values_at(bound, "KSampler", "denoise") == [0.4]
    assert values_at(bound, "LoadImage", "image") == ["jobs/a.png"]


def test_what_a_workflow_cannot_take_is_a_sentence() -> None:
    with pytest.raises(Invalid, match="needs a start image"):
        bind(load_builtin("img2img"), VALUES)
    with pytest.raises(Invalid, match="takes no pose picture"):
        bind(load_builtin("txt2img_sd15"), {**VALUES, "pose": "p.png"})
    with pytest.raises(Invalid, match="no place for a LoRA"):
        bind(load_builtin("upscale"), {"picture": "p.png"}, [("a", 1.0)])
    with pytest.raises(Invalid, match="no built-in workflow"):
        load_builtin("nosuch")


@pytest.mark.parametrize("name", graphs.NAMES)
@pytest.mark.parametrize("seed", [1, 2])
def test_ids_do_not_matter(name: str, seed: int) -> None:
    """Suggestions and binding find the same nodes after every id and the order changed."""
    plain = graphs.graph(name)
    mixed, new = graphs.shuffled(plain, seed)
    assert lint.lint(mixed) == []
    plain_slots, mixed_slots = mapping.suggest(plain), mapping.suggest(mixed)
    assert {role: {InputSlot(new[slot.node], slot.input) for slot in slots} for role, slots in plain_slots.items()} == {
        role: set(slots) for role, slots in mixed_slots.items()
    }
    pictures = {role: "ours.png" for role in PICTURE_ROLES if role in plain_slots}
    first, second = (
        bind(comfy_workflow.from_graph(graph, slots=slots), {**VALUES, **pictures}, prefix="studio/x")
        for graph, slots in ((plain, plain_slots), (mixed, mixed_slots))
    )
    assert sorted(map(_flat, first.values())) == sorted(map(_flat, second.values()))


@pytest.mark.parametrize("name", graphs.NAMES)
def test_the_graphs_of_a_live_server_are_taken(name: str) -> None:
    graph = graphs.graph(name)
    slots = mapping.suggest(graph)
    assert lint.lint(graph) == []
    assert lint.unknown_classes(graph) == []
    assert mapping.unbound_pictures(graph, slots) == []
    roles = {"seed", "steps", "cfg"} if name != "upscale_model" else {"picture", "upscaler"}
    assert roles | {"prefix"} <= slots.keys()
    if name.startswith(("txt2img", "img2img", "controlnet", "animatediff")):
        assert {"prompt", "negative", "checkpoint", "lora", "width", "height"} <= slots.keys()


def test_titles_win_over_guesses() -> None:
    graph = graphs.graph("txt2img_lora_sd15")
    graph["7"]["_meta"] = {"title": "Positive prompt"}
    graph["6"]["_meta"] = {"title": "Negative prompt"}
    slots = mapping.suggest(graph)
    assert (slots["prompt"], slots["negative"]) == ((InputSlot("7", "text"),), (InputSlot("6", "text"),))


def test_a_slot_that_is_not_there_is_refused() -> None:
    graph = graphs.graph("txt2img_lora_sd15")
    with pytest.raises(Invalid, match="does not have"):
        comfy_workflow.from_graph(graph, slots={"prompt": (InputSlot("99", "text"),)})
    with pytest.raises(Invalid, match="does not have"):
        comfy_workflow.from_graph(graph, slots={"seed": (InputSlot("6", "seed"),)})


def _flat(node: dict[str, Any]) -> str:
    """A node without the ids it is linked to."""
    return json.dumps(
        {name: "…" if isinstance(value, list) else value for name, value in node["inputs"].items()}, sort_keys=True
    )

"""What is refused before it reaches a server, and what a server is found to lack."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from backend.engines.comfyui.graphs import lint, needs
from backend.errors import Invalid
from tests.factories import graphs

SD15, SDXL = "txt2img_lora_sd15", "txt2img_lora_sdxl"


def broken(change: str) -> dict[str, Any]:
    graph: dict[str, Any] = graphs.graph(SD15)
    match change:
        case "dead worker":  # comfyui.md, 6: a node nobody needs, without inputs, kills the prompt thread
            graph["90"] = {"class_type": "VAEDecode"}
        case "no class":
            graph["90"] = {"inputs": {}}
        case "link to nowhere":
            graph["3"]["inputs"]["model"] = ["77", 0]
        case "no such output":
            graph["3"]["inputs"]["model"] = ["10", -1]
        case "ring":
            graph["10"]["inputs"]["model"] = ["3", 0]
        case "saves nothing":
            del graph["9"]
        case "nested":
            graph["3"]["inputs"]["model"] = [["10", 0]]
    return graph


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("dead worker", "node 90 .VAEDecode. has no inputs"),
        ("no class", "node 90 does not say what it is"),
        ("link to nowhere", "from the node 77, which is not there"),
        ("no such output", "an output that does not exist"),
        ("ring", "feed each other in a ring"),
        ("saves nothing", "Add a Save Image node"),
        ("nested", "neither a value nor a connection"),
    ],
)
def test_what_would_break_a_server_is_a_sentence(change: str, says: str) -> None:
    messages = lint.lint(broken(change))
    assert len(messages) == 1, messages
    assert re.search(says, messages[0])


def test_a_ring_names_only_its_nodes() -> None:
    [said] = lint.lint(broken("ring"))
    assert "SaveImage" not in said
    assert "CheckpointLoaderSimple" not in said


def test_the_editors_format_is_recognised_and_explained() -> None:
    editors = {"nodes": [{"id": 1, "type": "KSampler"}], "links": [], "version": 0.4}
    with pytest.raises(Invalid, match=r"Export \(API\)"):
        lint.parse(json.dumps(editors))
    assert lint.lint(editors) == [lint.EDITOR_FORMAT]


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", "[1]", '{"a": 1}', "null", "[" * 5000, '{"prompt": {}}'])
def test_what_is_no_graph_says_what_to_bring(text: str) -> None:
    with pytest.raises(Invalid, match="Upload the JSON file"):
        lint.parse(text)
    with pytest.raises(Invalid, match="too large"):
        lint.parse(" " * (lint.MAX_GRAPH_CHARS + 1))


def test_a_prompt_request_is_unwrapped_and_only_the_needed_is_kept() -> None:
    body = {"prompt": graphs.graph(SD15), "client_id": "x"}
    body["prompt"]["4"] |= {"_meta": {"title": "Base", "secret": 1}, "is_changed": True}
    graph = lint.parse(json.dumps(body))
    assert graph["4"].keys() == {"class_type", "inputs", "_meta"}
    assert graph["4"]["_meta"] == {"title": "Base"}
    assert lint.lint(graph) == []


def test_classes_beyond_the_list_are_named() -> None:
    graph = graphs.graph(SD15)
    graph["50"] = {"class_type": "ExecutePython", "inputs": {}}
    assert lint.unknown_classes(graph) == ["ExecutePython"]
    assert lint.unknown_classes(graph, {"ExecutePython"}) == []


def test_a_server_that_has_everything_lacks_nothing() -> None:
    every = [graphs.graph(name) for name in graphs.NAMES]
    info = graphs.object_info_of(*every)
    assert [needs.missing_parts(info, graph) for graph in every] == [[]] * len(every)


@pytest.mark.parametrize(
    ("name", "without", "says"),
    [
        ("animatediff_img2vid", "ADE_LoadAnimateDiffModel", "ComfyUI-AnimateDiff-Evolved"),
        ("svd_img2vid", "VHS_VideoCombine", "ComfyUI-VideoHelperSuite"),
        ("upscale_model", "ImageUpscaleWithModel", "update ComfyUI"),
    ],
)
def test_a_missing_node_is_named_with_what_brings_it(name: str, without: str, says: str) -> None:
    graph = graphs.graph(name)
    info = graphs.object_info_of(graph)
    del info[without]
    messages = needs.missing_parts(info, graph)
    assert len(messages) == 1
    assert without in messages[0]
    assert says in messages[0]


def test_missing_files_are_named_with_their_folder() -> None:
    graph, info = graphs.graph(SDXL), graphs.object_info_of(graphs.graph(SD15), graphs.graph(SDXL))
    info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = [["other.safetensors"], {}]
    info["LoraLoader"]["input"]["required"]["lora_name"] = ["COMBO", {"options": []}]
    assert needs.missing_parts(info, graph) == [
        "The server has no checkpoint sd_xl_base_1.0.safetensors: put it into models/checkpoints there. "
        "It has other.safetensors.",
        "The server has no LoRA tiny_lora.safetensors: put it into models/loras there. It has none.",
    ]


def test_a_sampler_the_server_does_not_know_is_named() -> None:
    graph = graphs.graph(SD15)
    info = graphs.object_info_of(graph)
    graph["3"]["inputs"]["sampler_name"] = "res_multistep"
    [said] = needs.missing_parts(info, graph)
    assert "KSampler (3)" in said
    assert "euler" in said


def test_features_follow_from_what_the_server_has() -> None:
    info: dict[str, Any] = {
        name: {"input": {"required": {}}}
        for name in [
            *("LoadImage", "LoadImageMask", "ImageScale", "VAEEncode", "SetLatentNoiseMask", "LatentUpscaleBy"),
            *("SDPoseKeypointExtractor", "SDPoseDrawKeypoints"),
        ]
    }
    assert needs.features(info, "sd15") == ("graph", "picture", "mask", "hires")
    nets = ["control_v11p_sd15_openpose.safetensors", "xl/OpenPoseXL2.safetensors", "depth.safetensors"]
    info["ControlNetLoader"] = {"input": {"required": {"control_net_name": [nets, {}]}}}
    assert needs.pose_control_net(info, "sd15") == nets[0]
    assert needs.pose_control_net(info, "sdxl") == nets[1]
    assert needs.features(info, "sdxl")[-1] == "pose"
    info["CheckpointLoaderSimple"] = {"input": {"required": {"ckpt_name": [["sdpose_wholebody_fp16.safetensors"], {}]}}}
    assert needs.features(info, "sd15")[-1] == "pose-photo"
    assert needs.features(info, "flux") == ("graph",)

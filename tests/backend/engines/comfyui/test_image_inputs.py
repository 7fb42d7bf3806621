"""What is put into which workflow, and the pictures it starts from (made ready in real children)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from backend.engines.comfyui import image_inputs
from backend.engines.comfyui.graphs import lint, mapping
from backend.engines.comfyui.graphs import workflow as comfy_workflow
from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.engines.local.pictures import input_pictures
from backend.engines.ports.events import Event
from backend.engines.ports.image import ImageRequest, ModelCard, SecondPass
from backend.errors import Rejected, Unsupported
from backend.settings import Settings
from tests.backend.engines.ports.image_contract import pixels
from tests.factories import graphs
from tests.factories.pictures import photo
from tests.servers.comfyui import ComfyServer

CARD = ModelCard("photo.safetensors", "Photo", "sd15", 512, 8, ("ddim",), "ddim", 20, 7.0, True, longest_px=768)
KNOWN = {name: graphs.graph(name) for name in graphs.NAMES}
INFO: dict[str, Any] = {
    "ControlNetLoader": {"input": {"required": {"control_net_name": [["control_openpose.safetensors"], {}]}}},
}


def asked(folder: Path, **changes: Any) -> ImageRequest:
    values: dict[str, Any] = {"model": "photo.safetensors", "prompt": "a harbour", "negative_prompt": "", "width": 512}
    values |= {"height": 512, "steps": 20, "cfg": 7.0, "sampler": "dpmpp_2m_karras", "seeds": (1, 2), "workdir": folder}
    return ImageRequest(**values | changes)


def end(steps: Generator[Event, None, Any]) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stopped:
            return stopped.value


@pytest.mark.parametrize(
    ("changes", "card", "name"),
    [
        ({}, CARD, "txt2img_sd15"),
        ({}, replace(CARD, base="sdxl"), "txt2img_sdxl"),
        ({}, replace(CARD, base="flux"), "txt2img_flux"),
        ({"init_image": Path("a.png")}, CARD, "img2img"),
        ({"init_image": Path("a.png"), "mask": Path("m.png")}, CARD, "inpaint"),
        ({"pose": Path("p.png")}, CARD, "pose"),
        ({"second_pass": SecondPass(scale=1.5)}, CARD, "hires"),
        ({"second_pass": SecondPass(scale=1.5), "pose": Path("p.png"), "pose_drawn": True}, CARD, "pose_hires"),
    ],
)
def test_the_workflow_follows_from_the_request(tmp_path: Path, changes: dict[str, Any], card: ModelCard, name: str) -> None:
    request = asked(tmp_path, **changes)
    workflow = image_inputs.choose_workflow(request, card)
    assert workflow.name == name
    uploaded = {role: f"{role}.png" for role in workflow.needs_pictures()}
    values = image_inputs.slot_values(request, card, input_pictures.PreparedInputs({}, 512, 512), 1, uploaded, INFO)
    bound = comfy_workflow.bind(workflow, values, prefix="studio/j")
    assert lint.lint(bound) == []
    samplers = [node["inputs"] for node in bound.values() if node["class_type"] == "KSampler"]
    assert {sampler["seed"] for sampler in samplers} == {2}
    if card.base != "flux":
        assert {(sampler["sampler_name"], sampler["scheduler"]) for sampler in samplers} == {("dpmpp_2m", "karras")}
    if "pose" in changes:
        assert "control_openpose.safetensors" in str(bound)


def test_what_the_servers_lack_of_an_imported_workflow_is_named(tmp_path: Path) -> None:
    with ComfyServer(tmp_path / "comfyui") as server:
        server.folders.put_checkpoint("photo.safetensors")
        engine = ComfyImageEngine(Settings.read(env_file=None, COMFYUI_URL=server.url))
        lacks = {
            name: engine.missing_for(comfy_workflow.from_graph(graph, slots=mapping.suggest(graph)))
            for name, graph in KNOWN.items()
        }
        engine.close()
    assert lacks["txt2img_lora_sd15"] == [], "checkpoint and LoRA come with the request"
    assert "models/controlnet" in lacks["controlnet_pose_sd15"][0]
    assert "models/upscale_models" in lacks["upscale_model"][0]
    away = ComfyImageEngine(Settings.read(env_file=None, COMFYUI_URL="http://127.0.0.1:9"))
    assert "does not answer" in away.missing_for(comfy_workflow.from_graph(KNOWN["upscale_model"]))[0]
    away.close()


def test_what_does_not_go_together_is_a_sentence(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    with pytest.raises(Unsupported, match="Remove one of them"):
        image_inputs.choose_workflow(asked(tmp_path, pose=picture, init_image=picture), CARD)
    with pytest.raises(Unsupported, match="Remove the start image"):
        image_inputs.choose_workflow(asked(tmp_path, second_pass=SecondPass(scale=2), init_image=picture), CARD)
    request = asked(tmp_path, pose=picture)
    with pytest.raises(Unsupported, match="put one into models/controlnet"):
        image_inputs.slot_values(request, CARD, input_pictures.PreparedInputs({}, 512, 512), 0, {}, {})


def test_under_a_mask_only_the_painted_part_changes(tmp_path: Path) -> None:
    source, mask = tmp_path / "source.png", tmp_path / "mask.png"
    source.write_bytes(photo(3, size=(900, 700), kind="PNG"))
    with Image.new("L", (900, 700)) as painted:
        ImageDraw.Draw(painted).rectangle((300, 200, 420, 330), fill=255)
        painted.save(mask)
    request = asked(tmp_path, init_image=source, mask=mask, feather=4)
    ready: input_pictures.PreparedInputs = end(input_pictures.prepare_inputs(request, CARD))
    for path in ready.pictures.values():
        with Image.open(path) as picture:
            assert picture.size == (ready.width, ready.height)
    assert max(ready.width, ready.height) <= CARD.longest_px
    drawn, out = tmp_path / "drawn.png", tmp_path / "out.png"
    Image.new("RGB", (ready.width, ready.height), "red").save(drawn)
    assert end(input_pictures.paste_back(request, CARD, drawn, out)) == (900, 700)
    before, after = pixels(source), pixels(out)
    outside = np.ones((700, 900), bool)
    outside[200:331, 300:421] = False
    assert np.array_equal(after[outside], before[outside])
    assert (after[260, 360] == (255, 0, 0)).all()


def test_a_picture_in_any_format_is_made_ready(tmp_path: Path) -> None:
    start = tmp_path / "start.webp"
    Image.new("RGB", (300, 200), "teal").save(start)
    ready: input_pictures.PreparedInputs = end(input_pictures.prepare_inputs(asked(tmp_path, init_image=start), CARD))
    with Image.open(ready.pictures["picture"]) as picture:
        assert (picture.format, picture.size) == ("PNG", (300, 200))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG nothing")
    with pytest.raises(Rejected, match="Choose another picture"):
        end(input_pictures.prepare_inputs(asked(tmp_path, init_image=broken), CARD))
    with pytest.raises(Unsupported, match="no picture under this mask"):
        end(input_pictures.prepare_inputs(asked(tmp_path, mask=start), CARD))

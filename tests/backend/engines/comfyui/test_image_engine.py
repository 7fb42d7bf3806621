"""The ComfyUI engine: the port's contract on both versions of a faithful server, and on real ones when COMFYUI_URL is set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.engines.ports.events import Handle, Output, Preview
from backend.engines.ports.image import ImageRequest, LoraUse
from backend.errors import Rejected, Unsupported
from backend.settings import Settings
from tests.backend.engines.ports.image_contract import *  # noqa: F403
from tests.backend.engines.ports.image_contract import outputs
from tests.fakes.engines import write_lora
from tests.servers.comfyui import ComfyServer
from tests.servers.comfyui.server import NEW, OLD

pytestmark = pytest.mark.comfy
Make = Callable[..., ImageRequest]
NewEngine = Callable[..., ComfyImageEngine]
REAL = os.environ.get("COMFYUI_URL", "")


@dataclass
class Place:
    """`server` is None for a real one."""

    settings: Settings
    model: str
    server: ComfyServer | None


@pytest.fixture(scope="module", params=[NEW, OLD, *(["real"] if REAL else [])])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from placed(request.param, tmp_path_factory)


def placed(version: str, folders: pytest.TempPathFactory) -> Iterator[Place]:
    if version == "real":
        settings = Settings.read(IMAGE_ENGINE="comfyui")
        looking = ComfyImageEngine(settings)
        yield Place(settings, looking.models()[0].name, None)
        looking.close()
        return
    with ComfyServer(folders.mktemp("comfyui"), version=version) as server:
        server.folders.put_checkpoint("photo.safetensors")
        server.folders.put_checkpoint("xl/grand.safetensors", "sdxl")
        models = str(server.folders.models)
        yield Place(
            Settings.read(env_file=None, COMFYUI_URL=server.url, COMFYUI_MODELS_DIR=models), "photo.safetensors", server
        )


@pytest.fixture
def server(place: Place) -> Iterator[ComfyServer]:
    assert place.server, "a real one has no faults on switches"
    yield place.server
    place.server.faults.__init__()  # type: ignore[misc]


@pytest.fixture(scope="module")
def new_engine(place: Place) -> Iterator[NewEngine]:
    """With other settings of the same names."""
    engines: list[ComfyImageEngine] = []

    def new(**changes: str) -> ComfyImageEngine:
        engines.append(ComfyImageEngine(place.settings.replace(**changes)))
        return engines[-1]

    yield new
    for engine in engines:
        engine.close()


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine) -> ComfyImageEngine:
    return new_engine()


@pytest.fixture
def model(place: Place) -> str:
    return place.model


@pytest.fixture
def image_request(tmp_path: Path) -> Make:
    def make(model: str, **changes: Any) -> ImageRequest:
        values: dict[str, Any] = {"model": model, "prompt": "portrait of someone", "negative_prompt": "blurry"}
        values |= {"width": 256, "height": 256, "steps": 4, "cfg": 3.0, "sampler": "ddim", "seeds": (1, 2)}
        return ImageRequest(**values | {"workdir": tmp_path} | changes)

    return make


def test_cards_say_what_each_file_is(engine: ComfyImageEngine, server: ComfyServer) -> None:
    cards = {card.name: card for card in engine.models()}
    assert (cards["photo.safetensors"].base, cards["photo.safetensors"].side) == ("sd15", 512)
    assert (cards["xl/grand.safetensors"].base, cards["xl/grand.safetensors"].side) == ("sdxl", 1024)
    assert cards["xl/grand.safetensors"].title == "grand"
    assert {"picture", "mask", "hires", "graph"} <= set(cards["photo.safetensors"].features)
    assert engine.status().version == server.version


def test_without_the_folder_metadata_and_names_tell(new_engine: NewEngine, server: ComfyServer) -> None:
    server.folders.put_checkpoint("unsaid-xl.safetensors", "sdxl", metadata=False)
    engine = new_engine(COMFYUI_MODELS_DIR="")
    cards = {card.name: card for card in engine.models()}
    assert (cards["xl/grand.safetensors"].base, cards["xl/grand.safetensors"].note) == ("sdxl", "")
    assert cards["unsaid-xl.safetensors"].base == "sdxl"
    assert "COMFYUI_MODELS_DIR" in cards["unsaid-xl.safetensors"].note
    (server.folders.models / "checkpoints" / "unsaid-xl.safetensors").unlink()


def test_what_it_submits_is_named_before_it_is_sent(
    engine: ComfyImageEngine, server: ComfyServer, model: str, image_request: Make
) -> None:
    events = engine.run(image_request(model))
    handle = next(event for event in events if isinstance(event, Handle))
    assert not [call for call in server.core.asked if call == "POST /prompt"] or handle.value["prompts"]
    before = len(server.ran)
    list(events)
    assert server.ran[before:] == [prompt_id for _, prompt_id in handle.value["prompts"]]


def test_nothing_of_the_graph_is_left_in_the_picture(engine: ComfyImageEngine, model: str, image_request: Make) -> None:
    [made] = outputs(engine, image_request(model, seeds=(4,), prompt="a secret place"))
    assert b"secret" not in made.path.read_bytes()


@pytest.mark.parametrize("method", ["latent2rgb", ""])
def test_previews_are_small_jpegs(
    engine: ComfyImageEngine, server: ComfyServer, model: str, image_request: Make, method: str
) -> None:
    """0.33 takes the wish from the prompt, the older one only from its start command (comfyui.md, 2: extra_data)."""
    server.faults.previews, server.faults.step_s = method, 0.01
    shown = [event for event in engine.run(image_request(model, seeds=(8 + len(method),))) if isinstance(event, Preview)]
    assert bool(shown) == (server.version == NEW or bool(method))
    assert all(event.jpeg.startswith(b"\xff\xd8") for event in shown)


def test_loras_are_chained_and_change_the_picture(
    engine: ComfyImageEngine, server: ComfyServer, model: str, image_request: Make, tmp_path: Path
) -> None:
    files = [lora_file(tmp_path / f"{n}.safetensors", n) for n in (1, 2)]
    uses = tuple(LoraUse(f"l{n}", path, 0.5 + n / 10) for n, path in enumerate(files))
    (tmp_path / "with").mkdir()
    [bare] = outputs(engine, image_request(model, seeds=(3,)))
    [both] = outputs(engine, image_request(model, seeds=(3,), loras=uses, workdir=tmp_path / "with"))
    assert not np.array_equal(np.asarray(Image.open(bare.path)), np.asarray(Image.open(both.path)))
    graph = server.core.line.history[server.ran[-1]]["prompt"][2]
    loaders = [node["inputs"] for node in graph.values() if node["class_type"] == "LoraLoader"]
    assert [loader["strength_model"] for loader in loaders] == [0.5, 0.6]
    assert len({loader["lora_name"] for loader in loaders}) == 2
    assert all((server.folders.models / "loras" / loader["lora_name"]).is_file() for loader in loaders)
    assert not list((server.folders.models / "loras").rglob("*.tmp"))


def lora_file(path: Path, step: float, base: str = "sd_v1") -> Path:
    made = write_lora(path, step)
    made.write_bytes(made.read_bytes().replace(b'"starter-128"', f'"{base}"'.ljust(13).encode()))
    return made


def test_a_lora_of_another_base_or_broken_is_refused(
    engine: ComfyImageEngine, server: ComfyServer, model: str, image_request: Make, tmp_path: Path
) -> None:
    other = LoraUse("other", write_lora(tmp_path / "other.safetensors", 1), 1.0)
    before = len(server.core.asked)
    with pytest.raises(Unsupported, match="was trained for starter-128, but photo is sd15"):
        outputs(engine, image_request(model, loras=(other,)))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\xff" * 100)
    with pytest.raises(Rejected, match="broken"):
        outputs(engine, image_request(model, loras=(LoraUse("broken", broken, 1.0),)))
    assert "POST /prompt" not in server.core.asked[before:]


def test_without_its_folder_a_lora_cannot_come_there(
    new_engine: NewEngine, server: ComfyServer, model: str, image_request: Make, tmp_path: Path
) -> None:
    engine = new_engine(COMFYUI_MODELS_DIR="")
    use = LoraUse("bella", lora_file(tmp_path / "bella.safetensors", 1), 1.0)
    with pytest.raises(Unsupported, match="Set COMFYUI_MODELS_DIR"):
        outputs(engine, image_request(model, loras=(use,)))


def test_a_model_that_only_another_server_has_is_drawn_there(
    new_engine: NewEngine, server: ComfyServer, image_request: Make, tmp_path: Path
) -> None:
    with ComfyServer(tmp_path / "second") as second:
        second.folders.put_checkpoint("rare.safetensors")
        engine = new_engine(COMFYUI_URL=f"{server.url},{second.url}", COMFYUI_MODELS_DIR="")
        assert "rare.safetensors" in [card.name for card in engine.models()]
        assert len([event for event in engine.run(image_request("rare.safetensors")) if isinstance(event, Output)]) == 2
        assert len(second.ran) == 2
        assert "2 servers" in engine.status().device

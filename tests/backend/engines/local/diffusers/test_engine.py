"""The diffusers engine: the port's contract on two models, and what is its own: the warm host and broken folders."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.engines.local.diffusers.engine import DiffusersEngine
from backend.engines.ports.events import Alive, Output, Progress
from backend.engines.ports.image import ImageRequest, LoraUse
from backend.errors import EngineUnavailable, OutOfMemory, ProcessKilled, Rejected, Unsupported
from backend.settings import Settings
from tests.backend.engines.ports.image_contract import *  # noqa: F403
from tests.backend.engines.ports.image_contract import outputs
from tests.fakes.engines import write_lora

pytestmark = pytest.mark.model
Make = Callable[..., ImageRequest]


def host_pid(engine: DiffusersEngine) -> int:
    host = engine._hosts[""]._process
    assert host is not None
    return host.proc.pid


def test_the_starter_is_the_default_and_base_comes_from_configs(engine: DiffusersEngine) -> None:
    cards = {card.name: card for card in engine.models()}
    assert list(cards) == ["starter", "mini"]
    assert (cards["starter"].base, cards["starter"].side, cards["starter"].step_px) == ("starter-128", 128, 32)
    assert (cards["mini"].base, cards["mini"].side, cards["mini"].step_px) == ("sd-32", 64, 64)


def test_a_cancel_keeps_the_host_warm(engine: DiffusersEngine, image_request: Make) -> None:
    list(engine.run(image_request("starter", seeds=(1,))))
    before = host_pid(engine)
    running = engine.run(image_request("starter", seeds=(1, 2), steps=100))
    for event in running:
        if isinstance(event, Progress) and event.done:
            break
    running.close()
    list(engine.run(image_request("starter", seeds=(1,))))
    assert host_pid(engine) == before


def test_a_host_killed_while_drawing_is_an_error_and_the_next_run_works(engine: DiffusersEngine, image_request: Make) -> None:
    running = engine.run(image_request("mini", seeds=(1, 2), steps=150))
    for event in running:
        if isinstance(event, Progress) and event.done:
            break
    os.kill(host_pid(engine), signal.SIGKILL)
    with pytest.raises(ProcessKilled):
        list(running)
    assert len(outputs(engine, image_request("mini", seeds=(1,)))) == 1


def test_the_host_leaves_when_idle_and_comes_back(settings: Settings, image_request: Make) -> None:
    engine = DiffusersEngine(settings.replace(ENGINE_IDLE_S=0.2))
    assert len(outputs(engine, image_request("mini", seeds=(1,)))) == 1
    first = engine._hosts[""]._process
    assert first is not None
    assert first.proc.wait(20) == 0
    assert len(outputs(engine, image_request("mini", seeds=(1,)))) == 1
    engine.unload()
    assert engine._hosts[""]._process is None


def test_a_child_without_memory_says_so(settings: Settings, image_request: Make) -> None:
    engine = DiffusersEngine(settings.replace(ENGINE_MEMORY_MB=700))
    with pytest.raises(OutOfMemory, match="memory"):
        list(engine.run(image_request("mini")))
    engine.unload()


def test_a_missing_card_says_so_and_leaves_the_others_alone(engine: DiffusersEngine, image_request: Make) -> None:
    list(engine.run(image_request("mini", seeds=(1,))))
    before = host_pid(engine)
    with pytest.raises(EngineUnavailable, match="ENGINE_DEVICE"):
        list(engine.run(image_request("mini", device="cuda:7")))
    engine.unload("cuda:7")
    assert host_pid(engine) == before


def test_waiting_for_a_turn_is_alive(engine: DiffusersEngine, image_request: Make) -> None:
    first = engine.run(image_request("mini", seeds=(1,), steps=20))
    next(first)
    second = engine.run(image_request("mini", seeds=(2,)))
    assert isinstance(next(second), Alive)
    assert isinstance(list(first)[-1], Output)
    assert isinstance(list(second)[-1], Output)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("unet/config.json", None),
        ("unet/config.json", b"{"),
        ("unet/config.json", b"{}"),
        ("unet/diffusion_pytorch_model.safetensors", None),
        ("vae/diffusion_pytorch_model.safetensors", b"cut off"),
        ("text_encoder/config.json", b"[]"),
        ("tokenizer/tokenizer.json", b"{}"),
        ("scheduler/scheduler_config.json", None),
        ("model_index.json", b'{"_class_name": "FluxPipeline"}'),
    ],
)
def test_a_broken_model_folder_is_named(
    engine: DiffusersEngine, settings: Settings, image_request: Make, file: str, content: bytes | None
) -> None:
    assert settings.engines.local.models_dir is not None
    folder = settings.engines.local.models_dir / "broken"
    shutil.copytree(settings.engines.local.models_dir / "mini", folder)
    (folder / file).unlink() if content is None else (folder / file).write_bytes(content)
    request = image_request("mini")
    try:
        with pytest.raises(Unsupported, match="broken"):
            list(engine.run(request.model_copy(update={"model": "broken"})))
        assert engine.status().ok
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("content", [b"", b"\x80\x02pickle", b"PK\x03\x04zip", b"\xff" * 100, b"\x10\0\0\0\0\0\0\0{not json}"])
def test_a_corrupt_lora_is_refused(engine: DiffusersEngine, image_request: Make, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(Rejected, match="bad"):
        list(engine.run(image_request("starter", loras=(LoraUse("bad", path, 1.0),))))


def test_a_lora_of_another_base_or_shape_is_refused(engine: DiffusersEngine, image_request: Make, tmp_path: Path) -> None:
    lora = LoraUse("other", write_lora(tmp_path / "other.safetensors", 1), 1.0)
    with pytest.raises(Unsupported, match="was trained for starter-128"):
        list(engine.run(image_request("mini", loras=(lora,))))
    with pytest.raises(Unsupported, match="does not fit"):
        list(engine.run(image_request("starter", loras=(lora,))))
    assert len(outputs(engine, image_request("starter", seeds=(1,)))) == 1


def test_requests_survive_emoji_and_very_long_prompts(engine: DiffusersEngine, image_request: Make) -> None:
    assert len(outputs(engine, image_request("starter", seeds=(2**63,), prompt="😀 " * 500, negative_prompt="ß" * 300))) == 1

"""LoRA files that cannot be drawn with, through a real worker and both image engines: each job ends, the next one draws."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend import generation, loras
from backend.app import App
from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.engines.ports.image import ModelCard
from backend.generation import GenerationDraft, LoraPick
from backend.jobs import JobCard
from backend.settings import Settings
from tests.factories.making import make_asset
from tests.fakes.engines import write_lora
from tests.servers.comfyui import ComfyServer
from tests.support.processes import JobUser, Workers

HANDLERS = "tests.support.comfy_handlers"
Draw = Callable[..., JobCard]


@pytest.fixture
def draw(app: App, job_user: JobUser, tmp_path: Path) -> Draw:
    """Asks for a picture with a LoRA of these bytes, which the library believes to fit; returns the job when it has ended."""
    keys = iter(range(100))

    def draw(models: list[ModelCard], model: ModelCard, data: bytes | None = None, name: str = "bella-v1") -> JobCard:
        small: dict[str, Any] = {"n": 1, "width": 64, "height": 64, "steps": 1, "model": model.name}
        with app.db.transaction(job_user.tenant.editor.caller, needs="editor") as tx:
            picks: tuple[LoraPick, ...] = ()
            if data is not None:
                asset_id = make_asset(tx, kind="lora", data=data, storage=app.storage)
                card = loras.add_trained(tx, name=name, asset_id=asset_id, base=model.base, dim=4, alpha=4.0)
                picks = (LoraPick(lora_id=card.id),)
            draft = GenerationDraft(prompt="portrait", loras=picks, **small)
            job_id = generation.start(tx, draft=draft, models=models, request_key=f"k{next(keys)}").job_id
        return job_user.ended(job_id, 120)

    return draw


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[str, tuple[bytes, str]]:
    """What is wrong -> (the bytes, what the sentence says)."""
    whole = write_lora(tmp_path / "whole.safetensors", 1).read_bytes()
    alien = write_lora(tmp_path / "alien.safetensors", 1).read_bytes().replace(b'"starter-128"', b'"sdxl"       ')
    sick = write_lora(tmp_path / "sick.safetensors", float("nan")).read_bytes()
    head = json.dumps({"model.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return {
        "cut": (whole[:-40], "cut off"),
        "no header": (b"\xff" * 200, "not a .safetensors file"),
        "pickle": (b"\x80\x02" + b"x" * 200, "pickle"),
        "empty": (b"", "not a .safetensors file"),
        "no LoRA": (struct.pack("<Q", len(head)) + head + bytes(4), "kohya LoRA layout"),
        "another base": (alien, "was trained for sdxl"),
        "not finite": (sick, "not finite"),
    }


def refused(draw: Draw, models: list[ModelCard], model: ModelCard, bad_files: dict[str, tuple[bytes, str]], logs: Any) -> None:
    for n, (what, (data, says)) in enumerate(bad_files.items()):
        ended = draw(models, model, data.replace(b'"starter-128"', f'"{SAID[model.base]}"'.ljust(13).encode()), f"bad-{n}")
        assert (ended.state, ended.attempt_n) == ("failed", 1), (what, logs())
        assert says in (ended.error_message or ""), what
        assert f"bad-{n}" in (ended.error_message or ""), "which of several it was"
        assert (ended.error_message or "").count(". ") >= 1, "and what to do"


SAID = {"sd15": "sd_v1", "starter-128": "starter-128"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ComfyServer]:
    with ComfyServer(tmp_path / "comfyui") as running:
        running.folders.put_checkpoint("photo.safetensors")
        yield running


@pytest.mark.kill
def test_with_comfyui(
    app: App, job_user: JobUser, workers: Workers, server: ComfyServer, draw: Draw, bad_files: dict[str, tuple[bytes, str]]
) -> None:
    folder = str(server.folders.models)
    engine = ComfyImageEngine(Settings.read(env_file=None, COMFYUI_URL=server.url, COMFYUI_MODELS_DIR=folder))
    models = engine.models()
    engine.close()
    workers.start("gpu", handlers=HANDLERS, COMFYUI_URL=server.url, COMFYUI_MODELS_DIR=folder)
    refused(draw, models, models[0], bad_files, workers.logs)
    assert not server.ran, "nothing was sent"
    assert not list((server.folders.models / "loras").rglob("*"))
    good = write_lora(Path(workers.folder) / "good.safetensors", 2).read_bytes().replace(b'"starter-128"', b'"sd_v1"      ')
    assert draw(models, models[0], good).state == "completed", workers.logs()
    assert draw(models, models[0]).state == "completed"


@pytest.mark.model
@pytest.mark.kill
def test_with_the_built_in_engine(
    app: App, job_user: JobUser, workers: Workers, draw: Draw, bad_files: dict[str, tuple[bytes, str]]
) -> None:
    models = app.engines.image.models()
    starter = next(card for card in models if card.base == "starter-128")
    workers.start("gpu", handlers=HANDLERS)
    # Right base, right layout, and layers of another size: only the model itself can tell.
    stranger = write_lora(Path(workers.folder) / "stranger.safetensors", 1).read_bytes()
    refused(draw, models, starter, {**bad_files, "other layers": (stranger, "does not fit")}, workers.logs)
    assert draw(models, starter).state == "completed", workers.logs()

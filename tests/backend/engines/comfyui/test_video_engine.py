"""The port's contract on a faithful ComfyUI server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.engines.comfyui.video_engine import ComfyMotion
from backend.engines.ports.motion import MotionRequest
from backend.settings import Settings
from tests.backend.engines.ports.motion_contract import Ask, MotionContract, picture
from tests.servers.comfyui import ComfyServer
from tests.servers.comfyui.server import NEW

__all__ = ["picture"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with ComfyServer(tmp_path_factory.mktemp("comfyui"), version=NEW) as server:
        server.folders.put_checkpoint("photo.safetensors")
        server.folders.put_model("animatediff_models", "mm.ckpt")
        yield Settings.read(env_file=None, COMFYUI_URL=server.url, COMFYUI_MODELS_DIR=str(server.folders.models))


@pytest.fixture
def motion(settings: Settings) -> Iterator[ComfyMotion]:
    engine = ComfyMotion(settings)
    yield engine
    engine.close()


@pytest.fixture
def ask(picture: Path, tmp_path: Path) -> Ask:
    values = {"model": "", "picture": picture, "workdir": tmp_path, "checkpoint": "photo.safetensors", "steps": 3, "frames": 4}
    return lambda **changes: MotionRequest(**{**values, **changes})


class TestContract(MotionContract):
    pass

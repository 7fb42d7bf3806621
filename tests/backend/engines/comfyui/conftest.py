"""A faithful server, and an engine that loses patience quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.engines.ports.image import ImageRequest
from backend.settings import Settings
from tests.servers.comfyui import ComfyServer
from tests.servers.comfyui.server import NEW


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Faults are only asked of servers that have them on switches: a real ComfyUI keeps the contract alone."""
    image_items = [item for item in items if isinstance(item, pytest.Function) and "comfyui/test_image_" in item.nodeid]
    deselected = [item for item in image_items if "[real" in item.name and "server" in item.fixturenames]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]


@pytest.fixture
def version() -> str:
    return NEW


@pytest.fixture
def server(tmp_path: Path, version: str) -> Iterator[ComfyServer]:
    with ComfyServer(tmp_path / "comfyui", version=version) as running:
        running.folders.put_checkpoint("photo.safetensors")
        yield running


@pytest.fixture
def patience_ms() -> int:
    """COMFYUI_TIMEOUT; a server that is away is waited for a tenth of it."""
    return 30_000


@pytest.fixture
def engine(server: ComfyServer, patience_ms: int) -> Iterator[ComfyImageEngine]:
    models = str(server.folders.models)
    settings = Settings.read(env_file=None, COMFYUI_URL=server.url, COMFYUI_MODELS_DIR=models, COMFYUI_TIMEOUT=patience_ms)
    engine = ComfyImageEngine(settings)
    yield engine
    engine.close()


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., ImageRequest]:
    def make(**changes: Any) -> ImageRequest:
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        values: dict[str, Any] = {"model": "photo.safetensors", "prompt": "a harbour", "negative_prompt": "", "width": 256}
        values |= {"height": 256, "steps": 4, "cfg": 7.0, "sampler": "euler", "seeds": (1, 2), "workdir": folder}
        return ImageRequest(**values | changes)

    return make

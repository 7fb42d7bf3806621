"""The two models every local engine is tested on: the bundled one, and a stock-format miniature that knows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.engines.local.diffusers.engine import DiffusersEngine
from backend.engines.local.starter_model import characters
from backend.engines.ports.image import ImageRequest
from backend.engines.ports.trainer import StartCheckpoint, TrainImage, TrainParams, TrainRequest
from backend.settings import Settings
from tests.factories import miniature


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one stock miniature called `mini`."""
    folder = tmp_path_factory.mktemp("models")
    miniature.make(folder / "mini")
    return folder


@pytest.fixture(scope="session")
def settings(models_dir: Path) -> Settings:
    return Settings.read(MODELS_DIR=models_dir, ENGINE_DEVICE="cpu", ENGINE_THREADS=1)


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[DiffusersEngine]:
    """One warm engine for all tests that do not break it."""
    engine = DiffusersEngine(settings)
    yield engine
    engine.unload()


@pytest.fixture(params=["starter", "mini"])
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


SIDES = {"starter": 128, "mini": 64}


@pytest.fixture
def image_request(tmp_path: Path) -> Callable[..., ImageRequest]:
    def make(model: str, **changes: Any) -> ImageRequest:
        values: dict[str, Any] = {
            "model": model,
            "prompt": "portrait of someone, smiling, at the beach",
            "negative_prompt": "",
            "width": SIDES.get(model, 64),
            "height": SIDES.get(model, 64),
            "steps": 4,
            "cfg": 3.0,
            "sampler": "ddim",
            "seeds": (1, 2),
            "workdir": tmp_path,
        }
        return ImageRequest(**values | changes)

    return make


@pytest.fixture
def train_request(tmp_path: Path) -> Callable[..., TrainRequest]:
    """Three steps on four pictures of a sample character; parameters can be changed by name."""

    def make(
        model: str,
        *,
        resume: Path | None = None,
        start: StartCheckpoint | None = None,
        images: int = 4,
        workdir: Path = tmp_path,
        **changes: Any,
    ) -> TrainRequest:
        values: dict[str, Any] = {
            "steps": 3,
            "batch": 2,
            "resolution": SIDES[model],
            "network_dim": 4,
            "network_alpha": 4.0,
            "unet_lr": 1e-3,
            "text_encoder_lr": 0.0,
            "scheduler": "constant",
            "warmup_steps": 0,
            "repeats": 1,
            "seed": 5,
            "save_every": 0,
            "sample_every": 0,
        }
        pictures = sorted(characters()[0].folder.glob("*.jpg"))[:images]
        return TrainRequest(
            model=model,
            name="bella",
            images=tuple(TrainImage(path, path.with_suffix(".txt").read_text("utf-8").strip()) for path in pictures),
            params=TrainParams(**values | changes),
            sample_prompts=("portrait of bella, smiling",),
            sample_negative="",
            workdir=workdir,
            resume=resume,
            start=start,
        )

    return make

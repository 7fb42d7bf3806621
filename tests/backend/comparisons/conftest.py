"""A trained run with four checkpoints whose files exist, and a studio whose engines draw and judge in milliseconds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend import comparisons
from backend.app import App
from backend.bootstrap import bootstrap
from backend.comparisons import ComparisonCard, ComparisonDraft
from backend.db.tables import TrainingCheckpoint, TrainingRun
from backend.engines.ports.events import EngineStatus, Event, Output, Progress
from backend.engines.ports.identity import IdentityRequest, Reading
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset, make_dataset, make_influencer
from tests.fakes.engines import FakeImageEngine, FakeTrainer, write_lora

OWN = {"hair": "purple", "glasses": "round", "scene": "studio", "cloth": "black"}
STEPS = (50, 100, 150, 200)


class FakeReader:
    """Training pictures are all of one face. `looks(n)` is what it sees on cell n; `clip(n, words)` (-1: a training picture)
    makes it an embedding model that reads words."""

    name, embedder = "fake", "fake:1"

    def __init__(self) -> None:
        self.requests: list[IdentityRequest] = []
        self.why = ""
        self.looks: Callable[[int], dict[str, str]] = lambda n: OWN
        self.clip: Callable[[int, str], Reading] | None = None

    def run(self, request: IdentityRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        self.requests.append(request)
        for n, path in enumerate(request.pictures):
            yield Progress(n, len(request.pictures), "looking")
            kind, _, number = path.stem.partition("-")
            at = int(number) if kind == "cell" else -1
            reading = self.clip(at, request.words[n]) if self.clip else None
            reading = reading or Reading(self.embedder, traits=self.looks(at) if at >= 0 else OWN)
            yield Output(reading.save(request.workdir / f"{n}.json"), n)

    def unsupported_reason(self, base: str) -> str:
        return self.why

    def status(self, device: str = "") -> EngineStatus:
        return EngineStatus(self.name, True, "1", "ready")

    def unload(self, device: str = "") -> None:
        return None


@pytest.fixture
def engine() -> FakeImageEngine:
    return FakeImageEngine()


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def studio(settings: Settings, engine: FakeImageEngine, reader: FakeReader) -> Iterator[App]:
    engines: Any = SimpleNamespace(trainer=FakeTrainer(), image=engine, identity=reader)
    built = bootstrap(settings, engines=engines)
    yield built
    built.close()


@pytest.fixture
def run_id(studio: App, workspace: Tenant) -> str:
    return make_run(studio, workspace)


def make_run(studio: App, workspace: Tenant, steps: tuple[int, ...] = STEPS) -> str:
    with studio.db.transaction(workspace.caller, needs="editor") as tx, tempfile.TemporaryDirectory() as folder:
        influencer = make_influencer(tx)
        dataset_id = make_dataset(tx, images=0, influencer_id=influencer.id)
        pictures = []
        for n in range(4):
            key = f"datasets/{workspace.id}/{dataset_id}/{n}.jpg"
            asset_id = make_asset(tx, storage=studio.storage, data=jpeg((n, 0, 0)), key=key)
            pictures.append({"asset_id": asset_id, "key": key, "caption": f"portrait of bella, in a studio, number {n}"})
        run = TrainingRun(id=f"run_{workspace.id[-20:]}", name="bella-v1", dataset_id=dataset_id, influencer_id=influencer.id)
        run.job_id = make_job(tx)
        run.model, run.preset, run.trigger_word, run.snapshot = "tiny", "quick", "bella", pictures
        run.params = {"steps": 200, "base": "starter-128", "network_dim": 4, "network_alpha": 4.0} | PARAMS
        run.sample_prompts = ["portrait of bella, in a studio"]
        tx.add(run)
        tx.flush()
        for step in steps:
            data = write_lora(Path(folder) / f"{step}.safetensors", step).read_bytes()
            asset_id = make_asset(tx, kind="lora", storage=studio.storage, data=data, key=f"loras/{run.id}/{step}.safetensors")
            tx.add(
                TrainingCheckpoint(run_id=run.id, step=step, asset_id=asset_id, state_asset_id=None, final=step == steps[-1])
            )
        return run.id


def make_job(tx: Any) -> str:
    from backend.db.tables import Job
    from backend.kit.ids import new_id

    job = Job(id=new_id("job"), kind="lora-training", queue="gpu", title="x", payload={}, request_key=new_id("key"))
    job.state = "completed"
    tx.add(job)
    tx.flush()
    return str(job.id)


PARAMS: dict[str, Any] = {
    "batch": 1,
    "resolution": 64,
    "unet_lr": 1e-3,
    "text_encoder_lr": 0.0,
    "scheduler": "constant",
    "warmup_steps": 0,
    "repeats": 1,
    "seed": 1,
    "save_every": 50,
    "sample_every": 0,
}


@pytest.fixture
def ask(studio: App, workspace: Tenant, run_id: str) -> Callable[..., ComparisonCard]:
    """2 checkpoints x 2 strengths and the base model, 2 prompts, 1 seed: 10 pictures."""

    def ask(**values: Any) -> ComparisonCard:
        prompts = ("portrait of bella, in a gym, wearing red", "bella, at the beach")
        defaults = {"steps": (50, 200), "strengths": (0.6, 1.0), "prompts": prompts, "seeds": 1, "first_seed": 100}
        draft = ComparisonDraft(run_id=run_id, **{**defaults, **values})
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return comparisons.start(tx, draft=draft, models=studio.engines.image.models(), request_key=values.pop("key", "k"))

    return ask

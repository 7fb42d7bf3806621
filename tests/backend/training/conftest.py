"""A run of 20 steps with a fake trainer on real Postgres and S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from backend import training
from backend.app import App
from backend.bootstrap import bootstrap
from backend.settings import Settings
from backend.training import ParamsDraft, RunCard, RunDraft, TrainingPayload
from tests.factories.account import Tenant
from tests.factories.making import make_dataset, make_influencer
from tests.fakes.engines import FakeImageEngine, FakeTrainer
from tests.support.context import make_context


@pytest.fixture
def trainer() -> FakeTrainer:
    return FakeTrainer()


@pytest.fixture
def studio(settings: Settings, trainer: FakeTrainer) -> Iterator[App]:
    built = bootstrap(settings, engines=SimpleNamespace(trainer=trainer, image=FakeImageEngine()))
    yield built
    built.close()


@pytest.fixture
def run(studio: Any, workspace: Tenant) -> RunCard:
    """20 steps, a checkpoint every 5, samples every 10, for an influencer without a LoRA."""
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        dataset_id = make_dataset(tx, storage=studio.storage, influencer_id=influencer.id)
        draft = RunDraft(dataset_id=dataset_id, name="bella-v1", params=ParamsDraft(steps=20, save_every=5, sample_every=10))
        return training.start(tx, draft=draft, models=studio.engines.trainer.models(), request_key="k")


@pytest.fixture
def begin(studio: Any, workspace: Tenant, run: RunCard) -> Callable[[], Any]:
    return lambda: make_context(studio, workspace, "lora-training", TrainingPayload(run_id=run.id), job_id=run.job_id)

"""The training job with the kohya trainer on scripts that behave as the real ones: what people get, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend import jobs, loras, training
from backend.app import App
from backend.bootstrap import bootstrap
from backend.errors import EngineUnavailable, ProcessKilled, Rejected
from backend.settings import Settings
from backend.training import ParamsDraft, RunCard, RunDraft, TrainingPayload
from tests.backend.engines.kohya import kohya_rig
from tests.backend.engines.kohya.kohya_rig import Rig
from tests.backend.training.runs import status_of, steps_of, train
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.fakes.engines import FakeImageEngine
from tests.servers.kohya.writing import trained
from tests.support.context import make_context, next_attempt


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return kohya_rig.make(tmp_path / "kohya")


@pytest.fixture
def studio(settings: Settings, rig: Rig) -> Iterator[App]:
    built = bootstrap(settings, engines=SimpleNamespace(trainer=rig.trainer, image=FakeImageEngine()))
    yield built
    built.close()


@pytest.fixture
def start(studio: Any, workspace: Tenant) -> Callable[..., RunCard]:
    """Asks for a run of 12 steps on SD 1.5, a checkpoint every 4, samples every 4."""

    def ask(**changes: Any) -> RunCard:
        params = {"steps": 12, "save_every": 4, "sample_every": 4, "batch": 2} | changes
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            dataset_id = make_dataset(tx, storage=studio.storage)
            draft = RunDraft(
                dataset_id=dataset_id, name="bella-v1", model="sd15/base.safetensors", params=ParamsDraft(**params)
            )
            return training.start(tx, draft=draft, models=studio.engines.trainer.models(), request_key="k")

    return ask


@pytest.fixture
def begin(studio: Any, workspace: Tenant) -> Callable[[RunCard], Any]:
    return lambda run: make_context(studio, workspace, "lora-training", TrainingPayload(run_id=run.id), job_id=run.job_id)


def lora_file(studio: Any, workspace: Tenant, lora_id: str, target: Path) -> Path:
    with studio.db.transaction(workspace.caller) as tx:
        key = loras.get(tx, lora_id).key
    studio.storage.get_file(key, target)
    return target


def test_a_whole_run(studio: Any, workspace: Tenant, start: Any, begin: Any, tmp_path: Path) -> None:
    run = start()
    context = begin(run)
    result = train(context, run)
    assert result
    with studio.db.transaction(workspace.caller) as tx:
        card, points = training.get(tx, run.id), training.points(tx, run.id)
        samples, checkpoints = training.samples(tx, run.id), training.checkpoints(tx, run.id)
        lora = loras.get(tx, result["loraId"])
    assert [point.step for point in points] == list(range(1, 13))
    assert card.loss_first
    assert card.loss_last
    assert [(entry.step, entry.final) for entry in checkpoints] == [(4, False), (8, False), (12, True)]
    assert samples
    assert not {sample.step for sample in samples} & {4, 8}
    assert (lora.base, lora.step, lora.trigger_word) == ("sd15", 12, "bella")
    assert status_of(studio, workspace, run) == "ready"
    assert trained(lora_file(studio, workspace, lora.id, tmp_path / "lora")) == 12
    log_lines = [line for _, line in context.take_report().lines]
    assert "Loss over the first and the last 12 steps" in " ".join(log_lines)


def test_the_next_attempt_goes_on_from_the_state(
    studio: Any, rig: Rig, workspace: Tenant, start: Any, begin: Any, tmp_path: Path
) -> None:
    rig.faults(killed_at=10)
    run = start()
    first = begin(run)
    with pytest.raises(ProcessKilled):
        train(first, run)
    assert steps_of(studio, workspace, run) == [4, 8]
    rig.faults()
    result = train(next_attempt(first), run)
    assert result
    assert steps_of(studio, workspace, run) == [4, 8, 12]
    # The weights of the fake scripts are the steps behind them: 8 of the first attempt, 4 of the second.
    assert trained(lora_file(studio, workspace, result["loraId"], tmp_path / "lora")) == 12
    with studio.db.transaction(workspace.caller) as tx:
        assert [point.step for point in training.points(tx, run.id)] == list(range(1, 13))


def test_nan_keeps_what_was_saved_and_frees_the_dataset(
    studio: Any, rig: Rig, workspace: Tenant, start: Any, begin: Any
) -> None:
    run = start()
    rig.faults(nan_at=6)
    with pytest.raises(Rejected, match="Lower the learning rate"):
        train(begin(run), run)
    assert steps_of(studio, workspace, run) == [4]
    assert status_of(studio, workspace, run) == "ready"


def test_what_was_broken_meanwhile_says_what_to_do(studio: Any, rig: Rig, workspace: Tenant, start: Any, begin: Any) -> None:
    run = start()
    context = begin(run)
    (rig.models / "sd15/base.safetensors").write_bytes(b"cut off")
    with pytest.raises(Rejected, match="broken or cut off"):
        train(context, run)
    (rig.folder / "train_network.py").unlink()
    with pytest.raises(EngineUnavailable, match="Set it to the folder of kohya's sd-scripts"):
        train(next_attempt(context), run)
    with studio.db.transaction(workspace.caller) as tx:
        assert jobs.get(tx, run.job_id).state == "processing"  # waits for the engine, is not lost

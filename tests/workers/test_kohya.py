"""A real worker trains with kohya and is killed: nothing keeps running, and the next attempt goes on from the state."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from backend import jobs, loras, training
from backend.app import App
from backend.db.tables import Device
from backend.db.transactions import Anonymous
from backend.jobs import JobCard
from backend.kit import child
from backend.training import ParamsDraft, RunCard, RunDraft
from tests.backend.engines.kohya import kohya_rig
from tests.backend.engines.kohya.kohya_rig import Rig
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.servers.kohya.writing import trained
from tests.support.processes import JobUser
from tests.support.wait import until

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return kohya_rig.make(tmp_path / "kohya")


@pytest.fixture
def gpu_worker(environment: dict[str, str], rig: Rig, tmp_path: Path) -> Iterator[Callable[..., child.Child]]:
    """Starts this release's own gpu worker with KOHYA_DIR set."""
    running: list[child.Child] = []

    def start(**env: str) -> child.Child:
        argv = [sys.executable, "-m", "workers.main", "--queues", "gpu", "--tick"]
        kohya = {
            "DEVICE_PROBE_S": "0.3",
            "KOHYA_DIR": str(rig.folder),
            "KOHYA_PYTHON": sys.executable,
            "KOHYA_MODELS_DIR": str(rig.models),
            "TMPDIR": str(tmp_path),
        }
        with (tmp_path / "worker.log").open("ab") as log:
            own_env = {**os.environ, **environment, **kohya, "JOB_LEASE_S": "3", **env}
            running.append(child.spawn(argv, cwd=ROOT, env=own_env, stdout=log, stderr=subprocess.STDOUT))
        return running[-1]

    yield start
    for proc in running:
        child.stop(proc, grace_s=5)


def trainings(rig: Rig) -> list[psutil.Process]:
    processes = psutil.process_iter(["cmdline"])
    return [process for process in processes if any(str(rig.models) in word for word in process.info["cmdline"] or [])]


@pytest.mark.kill
def test_training_survives_its_worker(
    app: App, workspace: Tenant, rig: Rig, gpu_worker: Callable[..., child.Child], tmp_path: Path
) -> None:
    def job(job_id: str) -> JobCard:
        with app.db.transaction(workspace.caller) as tx:
            return jobs.get(tx, job_id)

    def kept(run: RunCard) -> list[int]:
        with app.db.transaction(workspace.caller) as tx:
            return [card.step for card in training.checkpoints(tx, run.id)]

    rig.faults(step_s=0.3)
    params = ParamsDraft(steps=40, save_every=4, sample_every=0, batch=2)
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        dataset_id = make_dataset(tx, storage=app.storage)
        draft = RunDraft(dataset_id=dataset_id, name="bella-v1", model="sd15/base.safetensors", params=params)
        run = training.start(tx, draft=draft, models=rig.trainer.models(), request_key="k")
    worker = gpu_worker()
    until(lambda: bool(kept(run)), 90, what="a checkpoint")
    assert trainings(rig)
    worker.kill()
    worker.wait()
    until(lambda: not trainings(rig), 10, what="end of the scripts with their worker")
    before = kept(run)[-1]

    rig.faults()
    gpu_worker()
    until(lambda: job(run.job_id).ended, 90, what="end of the training")
    ended = job(run.job_id)
    assert ended.state == "completed", (ended.error_message, (tmp_path / "worker.log").read_text()[-3000:])
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        card = training.get(tx, run.id)
        log_lines = [line.line for line in jobs.log(tx, run.job_id)]
        lora = loras.get(tx, str(card.lora_id))
        assert [point.step for point in training.points(tx, run.id)] == list(range(1, 41))
    assert f"Going on from step {before}." in log_lines
    assert (lora.base, lora.step) == ("sd15", 40)
    app.storage.get_file(lora.key, tmp_path / "lora")
    assert trained(tmp_path / "lora") == 40
    assert not trainings(rig)


@pytest.mark.kill
def test_what_cannot_be_trained_is_a_sentence_and_the_next_run_trains(
    app: App, job_user: JobUser, rig: Rig, gpu_worker: Callable[..., child.Child], tmp_path: Path
) -> None:
    """Kohya absent and a wrong python wait until they are put right; bad pictures, none, and NaN end their run alone."""

    def start(name: str, spoil: bytes | None = None, **changes: int) -> RunCard:
        params = ParamsDraft(steps=4, sample_every=0, batch=2, **changes)
        with app.db.transaction(job_user.tenant.editor.caller, needs="editor") as tx:
            dataset_id = make_dataset(tx, storage=app.storage, name=name)
            if spoil is not None:
                app.storage.put_bytes(f"datasets/{job_user.tenant.id}/{dataset_id}/2.jpg", spoil, "image/jpeg")
            draft = RunDraft(dataset_id=dataset_id, name=name, model="sd15/base.safetensors", params=params)
            return training.start(tx, draft=draft, models=rig.trainer.models(), request_key=name)

    def ended(run: RunCard) -> JobCard:
        return job_user.ended(run.job_id, 60)

    away, wrong = tmp_path / "not-there-yet", tmp_path / "python"
    wrong.write_text("#!/bin/sh\nexit 9\n")
    wrong.chmod(0o755)
    first = start("first-v1")
    gpu_worker(KOHYA_DIR=str(away), KOHYA_PYTHON=str(wrong))
    until(lambda: "the folder of kohya's sd-scripts" in why(app), 30, what="a word about KOHYA_DIR")
    assert "Set it to the folder of kohya's sd-scripts." in (job_user.get(first.job_id).error_message or "")
    away.symlink_to(rig.folder)
    until(lambda: "KOHYA_PYTHON does not start" in why(app), 30, what="a word about KOHYA_PYTHON")
    assert job_user.get(first.job_id).state == "pending"
    wrong.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert ended(first).state == "completed", (tmp_path / "worker.log").read_text()[-3000:]

    messages = {"picture": (ended(start("picture-v1", b"no picture")), "cannot be read")}
    for name, fault, sentence in (
        ("none", {"no_data": True}, "found no pictures"),
        ("nan", {"nan_at": 3}, "no longer a number"),
    ):
        rig.faults(**fault)
        messages[name] = (ended(start(f"{name}-v1")), sentence)
    rig.faults()
    for name, (job, sentence) in messages.items():
        assert (job.state, job.attempt_n) == ("failed", 1), (name, job.error_message)
        assert sentence in (job.error_message or ""), name
        assert str(tmp_path) not in (job.error_message or "")
    assert ended(start("last-v1")).state == "completed"
    assert not trainings(rig)


def why(app: App) -> str:
    """What the worker says of the trainer of its card."""
    with app.db.transaction(Anonymous()) as tx:
        return " ".join(down.get("trainer", "") for down in tx.scalars(select(Device.down)))

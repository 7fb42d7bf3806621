"""Two cards, a training on each at the same time: two workers that each think that they are alone on a machine of another name,
on this one's processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from backend import training
from backend.app import App
from backend.db.transactions import Database
from backend.settings import ROOT
from backend.training import ParamsDraft, RunDraft
from tests.factories.account import Tenant
from tests.support.wait import until
from tests.workers.test_training import dataset_id as dataset_id

ATTEMPTS = text("SELECT device_id, started_at, ended_at, outcome FROM attempts ORDER BY started_at")


@pytest.mark.model
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a process another machine's name")
def test_each_card_trains_on_its_own(
    app: App, worker_db: Database, workspace: Tenant, dataset_id: str, environment: dict[str, str], tmp_path: Path
) -> None:
    params = ParamsDraft(steps=40, save_every=20, sample_every=40, batch=1, prior_weight=0)
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        for name in ("bella-a", "bella-b"):
            draft = RunDraft(dataset_id=dataset_id, name=name, params=params)
            training.start(tx, draft=draft, models=app.engines.trainer.models(), request_key=name)
    workers = [_worker(f"card-{name}", environment, tmp_path) for name in "ab"]

    def attempts() -> list[Any]:
        with worker_db.dispatch() as tx:
            return list(tx.execute(ATTEMPTS).all())

    try:
        until(lambda: [row.outcome for row in attempts()] == ["completed"] * 2, 600, what="both trainings")
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait(60)
    first, second = attempts()
    assert {first.device_id, second.device_id} == {"card-a/cpu", "card-b/cpu"}
    together = (min(first.ended_at, second.ended_at) - second.started_at).total_seconds()
    alone = (second.started_at - first.started_at).total_seconds()
    print(f"both trained for {together:.0f} s at once; the second began {alone:.1f} s after the first")
    assert together > 0


def _worker(machine: str, environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    command = f"hostname {machine} && exec {sys.executable} -m workers.main --queues gpu --tick --threads 2"
    env = {
        **os.environ,
        **environment,
        "QUEUE_CONCURRENCY_TRAINING": "2",
        "JOB_LEASE_S": "15",
        "STUDIO_DATA": f"{folder}/{machine}",
    }
    with (folder / f"{machine}.log").open("wb") as log:
        return subprocess.Popen(["unshare", "--uts", "sh", "-c", command], cwd=ROOT, env=env, stdout=log, stderr=log)

"""A real worker that is killed between two pictures: another one goes on, and every picture is paid once."""

from __future__ import annotations

import pytest

from backend import datasets
from backend.app import App
from backend.engines.registry import build_captioners
from tests.backend.budgets.conftest import server
from tests.backend.datasets.captioning import start_job
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.servers.openrouter import ModelServer
from tests.support.processes import JobUser, Workers
from tests.support.wait import until

__all__ = ["server"]


@pytest.mark.kill
def test_a_killed_worker_pays_no_picture_twice(
    app: App, workspace: Tenant, job_user: JobUser, workers: Workers, server: ModelServer
) -> None:
    settings_of_worker = {"OPENROUTER_API_KEY": "sk-test", "OPENROUTER_BASE_URL": server.url, "CAPTION_AT_ONCE": "1"}
    with app.db.transaction(workspace.caller) as tx:
        dataset_id = make_dataset(tx, images=5, storage=app.storage)
        third = datasets.images(tx, dataset_id).images[2]
    paid = build_captioners(app.settings.replace(OPENROUTER_BASE_URL=server.url))
    app.__dict__["engines"] = type("Engines", (), {"captioners": paid})()
    job_id = start_job(app, workspace, dataset_id, replace="all")
    victim = workers.start("net", handlers="", FAULT_STEP=f"auto-caption:{third.id}+:kill", **settings_of_worker)
    until(lambda: victim.poll() is not None, 60, what="the kill")
    assert len(server.asked) in (3, 4)
    workers.start("net", handlers="", **settings_of_worker)
    done = job_user.ended(job_id, 60)
    assert (done.state, done.result and done.result["written"]) == ("completed", 5), workers.logs()
    assert len(server.billed) == 5, "the answer that was not written down came from memory"
    assert done.cost_usd is not None
    assert 0 < done.cost_usd <= server.total

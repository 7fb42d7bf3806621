"""A real worker that is killed once its text is paid, and once more before the picture: others go on, the text is paid once."""

from __future__ import annotations

import pytest

from backend import influencers, jobs, writing
from backend.app import App
from backend.influencers import InfluencerDraft
from backend.writing import WriteOrder
from tests.backend.budgets.conftest import server
from tests.backend.writing.conftest import answer_json, text
from tests.factories.account import Tenant
from tests.servers.openrouter import ModelServer
from tests.support.processes import Workers
from tests.support.wait import until

__all__ = ["server"]


@pytest.mark.kill
def test_a_killed_worker_pays_no_text_twice(app: App, workspace: Tenant, workers: Workers, server: ModelServer) -> None:
    settings_of_worker = {"OPENROUTER_API_KEY": "sk-test", "OPENROUTER_BASE_URL": server.url}
    with app.db.transaction(workspace.caller) as tx:
        bella = influencers.create(tx, InfluencerDraft(name="Bella", trigger_word="bella_01")).id
        job = writing.start_content(tx, order=WriteOrder(influencer_id=bella, topic="yoga"), request_key="k")
    server.faults.says = [answer_json(text(1))] * 3
    for step in ("text+", "picture"):
        victim = workers.start("net", handlers="", FAULT_STEP=f"content-generation:{step}:kill", **settings_of_worker)
        until(lambda victim=victim: victim.poll() is not None, 60, what="the kill")  # type: ignore[misc]
    workers.start("net", handlers="", **settings_of_worker)

    def waits() -> bool:
        with app.db.transaction(workspace.caller) as tx:
            return jobs.get(tx, job.id).waits_for == 1

    until(waits, 60, what="the picture to be waited for")
    assert len(server.billed) == 1, workers.logs()
    with app.db.transaction(workspace.caller) as tx:
        (card,) = writing.page(tx).cards
        assert card.parts.caption.endswith("Day 1.")
        assert [child.kind for child in jobs.children(tx, job.id)] == ["image-generation"]

"""A real worker dies between two cells; the next one draws the rest."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from backend import comparisons
from backend.comparisons import ComparisonCard
from backend.db.tables import Asset
from tests.factories.account import Tenant
from tests.support.processes import JobUser, Workers

HANDLERS = "tests.backend.comparisons.handlers"


@pytest.mark.kill
def test_a_killed_worker_costs_no_picture(
    studio: Any, workspace: Tenant, ask: Callable[..., ComparisonCard], workers: Workers, job_user: JobUser
) -> None:
    card = ask()
    victim = workers.start("gpu", handlers=HANDLERS, FAULT_STEP="lora-trial:cell-4+:kill")
    assert victim.wait(90) == -signal.SIGKILL
    with studio.db.transaction(workspace.caller) as tx:
        assert comparisons.get(tx, card.id).done == 4, "the fifth's bytes are there, its row and its step come together"
    workers.start("gpu", handlers=HANDLERS)
    ended = job_user.ended(card.job_id, 90)
    assert (ended.state, ended.attempt_n) == ("completed", 2), workers.logs()
    with studio.db.transaction(workspace.caller) as tx:
        assert [cell.n for cell in comparisons.cells(tx, card.id)] == list(range(10))
        stored_assets = Asset.job_id == card.job_id, Asset.state == "stored"
        assert tx.scalar(select(func.count()).select_from(Asset).where(*stored_assets)) == 10, "nothing twice"
        assert comparisons.results(tx, card.id).suggestion.arm

"""A hundred calls at once on a small budget, from processes of which half are killed: the limit holds, to the cent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend import budgets
from backend.db.transactions import SystemCaller
from backend.engines.ports.text import TextRequest
from backend.kit import child
from backend.settings import ROOT
from tests.backend.budgets.conftest import Make
from tests.factories.account import Tenant
from tests.servers.openrouter import ModelServer
from tests.support.wait import until

CALLS_OF_VICTIMS, CALLS_OF_SURVIVORS, AFFORDABLE = (8, 8), (25, 25), 40
"""Calls of each process, and how many the budget allows. The killed processes can reserve 16 of them, so the others always have
some; these alone want more than there are. Which process starts first does not matter."""


@pytest.mark.kill
def test_killed_askers_never_pass_the_limit(
    make_app: Make, environment: dict[str, str], server: ModelServer, workspace: Tenant
) -> None:
    app = make_app()
    most = app.engines.text.quote(TextRequest("writing", "You are brief.", "Question 24 of x?", max_tokens=300)).most_usd
    limit = most * AFFORDABLE
    with app.db.transaction(workspace.caller) as tx:
        budgets.set_limits(tx, daily_usd=limit, monthly_usd=None, settings=app.settings)
    server.faults.answer_s = 1.0
    env = {**os.environ, **environment, "OPENROUTER_API_KEY": "sk-test", "OPENROUTER_BASE_URL": server.url}
    command = [sys.executable, "-m", "tests.support.askers", workspace.id, workspace.owner.id]
    running = [
        child.spawn([*command, str(calls), str(n)], cwd=ROOT, env=env, stdout=subprocess.PIPE)
        for n, calls in enumerate(CALLS_OF_VICTIMS + CALLS_OF_SURVIVORS)
    ]
    victims, survivors = running[: len(CALLS_OF_VICTIMS)], running[len(CALLS_OF_VICTIMS) :]

    def victims_have_asked() -> bool:
        asked = all(f" of {n}?" in str(server.asked) for n in range(len(victims)))
        # They may come so late that others have taken the whole budget: then there is nothing to wait for
        return asked or all(process.poll() is not None for process in survivors)

    try:
        until(victims_have_asked, 180, what="calls of each victim under way")
        for process in victims:
            process.kill()
        answers = [line for process in running for line in process.communicate(timeout=180)[0].decode().split()]
    finally:
        for process in running:
            child.stop(process, sig=signal.SIGKILL)
    transact = lambda: app.db.transaction(SystemCaller(workspace.id))  # noqa: E731
    with transact() as tx:
        tx.execute(text("UPDATE llm_calls SET created_at = created_at - interval '1 hour' WHERE state = 'reserved'"))
    budgets.reconcile(app, transact)
    with transact() as tx:
        costs = budgets.costs(tx, app.settings)
        still_reserved = tx.scalar(text("SELECT count(*) FROM llm_calls WHERE state = 'reserved'"))
    assert still_reserved == 0
    assert Decimal(0) < server.total <= costs.day.spent_usd <= limit
    assert "over_budget" in answers or len(server.asked) >= AFFORDABLE

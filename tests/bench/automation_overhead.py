"""A run of ten instant steps beside the pickups of ten jobs that do nothing, on the same idle worker, in turn."""

from __future__ import annotations

import random
import statistics
import time
from typing import Any

from sqlalchemy import text

from backend import automations
from backend.automations import AutomationDraft
from backend.db.transactions import SystemCaller
from tests.bench.job_machinery import open_jobs, start_jobs, worker
from tests.bench.servers import Studio, studio
from tests.factories.making import make_influencer
from tests.support.wait import until

STEPS, ROUNDS = 10, 20
_INSTANT = {"kind": "condition", "test": "failures", "percent": 100}
_SPAN = "SELECT extract(epoch FROM {until} - created_at) * 1000 FROM jobs WHERE {which}"


def run() -> dict[str, Any]:
    """`ratio`: from the row of a run to its end, to ten times from the row of a job to its claim. Medians."""
    with studio(LOG_LEVEL="WARNING") as running_studio, worker(running_studio, "tests.support.overhead_handlers"):
        automation_id = automation(running_studio)
        chains, pickups = [], []
        for n in range(ROUNDS):
            chains.append(chain_ms(running_studio, automation_id, n))
            pickups.append(pickup_ms(running_studio))
    chain, pickup = statistics.median(chains), statistics.median(pickups)
    return {
        "ratio": round(chain / (STEPS * pickup), 2),
        "chain_ms": round(chain, 1),
        "pickup_ms": round(pickup, 1),
        "steps": STEPS,
        "n": ROUNDS,
    }


def automation(running_studio: Studio) -> str:
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id, running_studio.tenant.user_id)) as tx:
        make_influencer(tx)
        draft = AutomationDraft(name="Ten", trigger={"kind": "hand"}, steps=(_INSTANT,) * STEPS)  # type: ignore[arg-type]
        return automations.create(tx, draft).id


def chain_ms(running_studio: Studio, automation_id: str, n: int) -> float:
    time.sleep(random.uniform(0.05, 0.25))
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id)) as tx:
        [started] = automations.run_now(tx, automation_id, request_key=str(n))

    def ended() -> bool:
        with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id)) as tx:
            return automations.get_run(tx, started.id).state == "completed"

    until(ended, what="the run")
    return _ms(running_studio, "finished_at", f"id = '{started.job_id}'")


def pickup_ms(running_studio: Studio) -> float:
    time.sleep(random.uniform(0.05, 0.25))
    batch = start_jobs(running_studio, 1)
    until(lambda: open_jobs(running_studio, batch) == 0, what="the job")
    return _ms(running_studio, "started_at", f"request_key = '{batch}/0'")


def _ms(running_studio: Studio, until_column: str, which: str) -> float:
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id)) as tx:
        return float(tx.scalars(text(_SPAN.format(until=until_column, which=which))).one())

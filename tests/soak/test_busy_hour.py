"""An hour in which more than a thousand jobs are ordered: every one is done, and none twice.

SOAK_MINUTES (10) is how long orders come in; SOAK_JOBS_AN_HOUR (1200) how many. Four simulated cards on two worker processes.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import httpx
from sqlalchemy import text

from backend.db.transactions import SystemCaller
from ops.capacity.model import JobKind, poisson_orders, quantile
from tests.bench.comfy_studio import ask_at, rig, wait_for_batch

MINUTES, JOBS_AN_HOUR = float(os.environ.get("SOAK_MINUTES", "10")), float(os.environ.get("SOAK_JOBS_AN_HOUR", "1200"))
CARDS, WORKERS, PROMPT_S = 4, 2, 6.0
"""Four cards draw 2,400 pictures an hour."""
ENDED = text(
    """SELECT j.request_key, j.state, extract(epoch FROM j.finished_at - j.created_at) AS took_s,
      (SELECT count(*) FROM attempts a WHERE a.job_id = j.id) AS attempts,
      (SELECT count(*) FROM pictures p JOIN generations g ON g.id = p.generation_id
       JOIN assets s ON s.id = p.asset_id AND s.state = 'stored' WHERE g.job_id = j.id) AS pictures
    FROM jobs j WHERE j.request_key LIKE :batch"""
)
HELD = text("SELECT count(*) FROM devices WHERE held_by IS NOT NULL")


def test_a_thousand_jobs_an_hour_are_done_once_each() -> None:
    orders = list(poisson_orders([JobKind("one", 1.0)], jobs_an_hour=JOBS_AN_HOUR, seconds=MINUTES * 60, seed=21))
    with rig(CARDS, prompt_s=PROMPT_S, workers=WORKERS) as test_rig:
        tenant = SystemCaller(test_rig.running_studio.tenant.id)
        before = sum(len(drawn(url)) for url in test_rig.urls)
        batch = ask_at(test_rig, [(order.at, 1) for order in orders])
        wait_for_batch(test_rig, batch)
        prompts = Counter(prompt_id for url in test_rig.urls for prompt_id in drawn(url))
        with test_rig.running_studio.app.db.transaction(tenant) as tx:
            rows = tx.execute(ENDED, {"batch": f"{batch}/%"}).all()
        with test_rig.running_studio.app.db.dispatch() as tx:
            held = tx.scalar(HELD)
    took = [float(row.took_s) for row in rows]
    figures = {
        "ordered": len(orders), "done": sum(row.state == "completed" for row in rows), "minutes": MINUTES,
        "prompts": prompts.total() - before, "attempts": sum(row.attempts for row in rows),
        "p50_s": round(quantile(took, 0.5), 1), "p95_s": round(quantile(took, 0.95), 1), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    print(json.dumps(figures))
    assert {row.request_key for row in rows} == {f"{batch}/{n}" for n in range(len(orders))}
    assert {(row.state, row.pictures) for row in rows} == {("completed", 1)}
    assert figures["prompts"] == len(orders), "a picture was drawn twice, or by nobody"
    assert max(prompts.values()) == 1
    assert held == 0


def drawn(url: str) -> dict[str, Any]:
    """The prompts that a card has finished."""
    history: dict[str, Any] = httpx.get(f"{url}/history", params={"max_items": 1_000_000}).json()
    return history

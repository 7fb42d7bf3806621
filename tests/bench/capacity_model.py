"""The model of ops/capacity against a run that it was not fitted to. Bar: jobs a second within 10 %, p50 and p95 within 25 %.

Fitted to batches on one and two simulated cards (`fit`); checked with eight cards on two workers, another time for a picture,
jobs of one and of three pictures, ordered at random moments. The orders of both are the same.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from sqlalchemy import text

from backend.db.transactions import SystemCaller
from ops.capacity.model import Installation, JobCosts, JobKind, Order, poisson_orders, quantile, read_measured, simulate
from tests.bench.comfy_studio import ask_at, rig, wait_for_batch
from tests.bench.scale_32 import measure

CARDS, WORKERS, CORES = int(os.environ.get("CAPACITY_CARDS", "8")), 2, os.cpu_count() or 1
PROMPT_S, SECONDS, LOADED = float(os.environ.get("CAPACITY_PROMPT_S", "4")), 90.0, 0.8
FIT_PROMPT_S, FIT_JOBS = (8.0, 2.0), 6
"""Of the round with one card, where idle processes count most, and of the one with two."""
MIX = [JobKind("one picture", 0.7, card_s=PROMPT_S), JobKind("three pictures", 0.3, card_s=3 * PROMPT_S, files=3)]


def run() -> dict[str, Any]:
    costs = read_measured()[0] if os.environ.get("CAPACITY_FITTED") else fit()
    mean_s = sum(kind.share * kind.card_s for kind in MIX)
    jobs_an_hour = 3600 * LOADED * CARDS / mean_s
    orders = list(poisson_orders(MIX, jobs_an_hour=jobs_an_hour, seconds=SECONDS, seed=CARDS))
    machine = Installation(nodes=WORKERS, cards=CARDS, threads=1, cores=CORES, database_cores=0)
    model = simulate(machine, costs, orders, seconds=SECONDS)
    load = os.getloadavg()[0]
    measured = real(orders)
    figures: dict[str, Any] = {"n": len(orders), "cards": CARDS, "prompt_s": PROMPT_S, "load_before": round(load, 1)}
    for name, of in {"p50": 0.5, "p95": 0.95}.items():
        ours, theirs = quantile(model.totals, of), quantile(measured["totals"], of)
        figures |= {
            f"{name}_s": round(theirs, 2),
            f"predicted_{name}_s": round(ours, 2),
            f"{name}_error": round(ours / theirs - 1, 3),
        }
    return figures | {
        "jobs_s": round(len(orders) / measured["seconds"], 3),
        "predicted_jobs_s": round(len(orders) / model.ended_at, 3),
        "jobs_error": round(measured["seconds"] / model.ended_at - 1, 3),
    }


def fit() -> JobCosts:
    """CPU seconds of a job and of idle processes from two rounds, in which their parts differ."""
    alone, pair = (
        measure(n, prompt_s=prompt_s, each=FIT_JOBS, workers=1) for n, prompt_s in zip((1, 2), FIT_PROMPT_S, strict=True)
    )

    def parts(name: str) -> tuple[float, float]:
        """Of a job, and idle cores. jobs * a + seconds * b = spent, twice."""
        (n1, t1, s1), (n2, t2, s2) = ((r["jobs"], r["seconds"], r["cpu_s"].get(name, 0.0)) for r in (alone, pair))
        idle = max(0.0, (s1 * n2 - s2 * n1) / (t1 * n2 - t2 * n1))
        return max(0.0, (s2 - idle * t2) / n2), idle

    worker, database = parts("workers"), parts("postgres")
    others = sum(parts(name)[0] for name in ("cards", "s3", "valkey"))
    costs = JobCosts(
        worker_cpu_s=worker[0],
        database_cpu_s=database[0],
        other_cpu_s=others,
        handover_s=pair["wait_p50_ms"] / 1000,
        claim_s=read_measured()[0].claim_s,
        worker_idle_cores=worker[1],
        database_idle_cores=database[1],
    )
    sys.stderr.write(json.dumps({"fitted": {name: round(getattr(costs, name), 4) for name in JobCosts.__slots__}}) + "\n")
    return costs


def real(orders: list[Order]) -> dict[str, Any]:
    """Seconds from the first order to the last row, and of each job from its order to its row."""
    with rig(CARDS, prompt_s=PROMPT_S, workers=WORKERS) as test_rig:
        batch = ask_at(test_rig, [(order.at, order.kind.files) for order in orders])
        wait_for_batch(test_rig, batch)
        tenant = SystemCaller(test_rig.running_studio.tenant.id)
        with test_rig.running_studio.app.db.transaction(tenant) as tx:
            rows = tx.execute(_TIMES, {"batch": f"{batch}/%"}).all()
    first = min(row.created_at for row in rows)
    return {
        "seconds": (max(row.finished_at for row in rows) - first).total_seconds() + orders[0].at,
        "totals": [(row.finished_at - row.created_at).total_seconds() for row in rows],
    }


_TIMES = text("SELECT created_at, finished_at FROM jobs WHERE request_key LIKE :batch")

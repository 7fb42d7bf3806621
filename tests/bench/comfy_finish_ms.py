"""From the moment a ComfyUI has finished a prompt to the moment its job's row says completed. Bar: p50 below 50 ms."""

from __future__ import annotations

import time
from typing import Any

import httpx
from sqlalchemy import text

from backend.db.transactions import SystemCaller
from tests.bench.comfy_studio import Rig, ask, done, rig

JOBS, PROMPT_S = 60, 0.3


def run() -> dict[str, Any]:
    """One job at a time: the picture (512 px) is fetched, looked at, marked, scored, kept with its thumbnails, and settled."""
    with rig(1, prompt_s=PROMPT_S) as made:
        waits = sorted(_one(made) for _ in range(JOBS))
    return {
        "finish_p50_ms": round(waits[len(waits) // 2], 1),
        "finish_p95_ms": round(waits[int(len(waits) * 0.95)], 1),
        "finish_min_ms": round(waits[0], 1),
        "n": JOBS,
    }


def _one(made: Rig) -> float:
    batch = ask(made, 1)
    done(made, batch)
    entries: dict[str, Any] = httpx.get(f"{made.urls[0]}/history").json()
    ends = [data["timestamp"] for entry in entries.values() for name, data in entry["status"]["messages"]]
    with made.here.app.db.transaction(SystemCaller(made.here.tenant.id)) as tx:
        said = "SELECT extract(epoch FROM finished_at) * 1000 FROM jobs WHERE request_key LIKE :batch"
        finished = float(tx.scalar(text(said), {"batch": f"{batch}/%"}) or 0)
    time.sleep(0.05)
    return finished - max(ends)

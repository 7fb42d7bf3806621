"""From the moment a ComfyUI has finished a prompt to the moment its job's row says completed. Bar: p50 below 50 ms."""

from __future__ import annotations

import time
from typing import Any

import httpx
from sqlalchemy import text

from backend.db.transactions import SystemCaller
from tests.bench.comfy_studio import Rig, ask_pictures, rig, wait_for_batch

JOBS, PROMPT_S = 60, 0.3


def run() -> dict[str, Any]:
    """One job at a time: the picture (512 px) is fetched, checked, marked, scored, stored with thumbnails; the job ends."""
    with rig(1, prompt_s=PROMPT_S) as test_rig:
        waits = sorted(_one(test_rig) for _ in range(JOBS))
    return {
        "finish_p50_ms": round(waits[len(waits) // 2], 1),
        "finish_p95_ms": round(waits[int(len(waits) * 0.95)], 1),
        "finish_min_ms": round(waits[0], 1),
        "n": JOBS,
    }


def _one(test_rig: Rig) -> float:
    batch = ask_pictures(test_rig, 1)
    wait_for_batch(test_rig, batch)
    entries: dict[str, Any] = httpx.get(f"{test_rig.urls[0]}/history").json()
    ends = [data["timestamp"] for entry in entries.values() for name, data in entry["status"]["messages"]]
    with test_rig.running_studio.app.db.transaction(SystemCaller(test_rig.running_studio.tenant.id)) as tx:
        query = "SELECT extract(epoch FROM finished_at) * 1000 FROM jobs WHERE request_key LIKE :batch"
        finished = float(tx.scalar(text(query), {"batch": f"{batch}/%"}) or 0)
    time.sleep(0.05)
    return finished - max(ends)

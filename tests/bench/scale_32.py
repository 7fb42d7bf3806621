"""Jobs a second with 1 to 32 simulated graphics cards beside N times those with one. Bar: 0.95 N.

A card is a ComfyUI server in a process of its own that takes a fixed time for a picture; eight share a worker process, as in a
node. All else is real: Postgres, Valkey, S3, the whole pipeline. What a card waits for its next prompt is read from its own
history.

The ratio is the share of its time that a card has a prompt, beside that of one card alone: what the machinery costs. Jobs a
second also have what the simulated cards themselves lose to each other, which share this machine's cores.
"""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import pairwise
from typing import Any

import httpx
import psutil
from sqlalchemy import text

from backend.db.transactions import SystemCaller
from tests.bench.comfy_studio import Rig, ask_pictures, rig, wait_for_batch

CARDS = tuple(int(n) for n in os.environ.get("SCALE_CARDS", "1,2,4,8,16,32").split(","))
EACH, CARDS_A_NODE = 5, 8
PROMPT_S = float(os.environ.get("SCALE_PROMPT_S", "12"))
"""What SDXL takes on a middling card (8 to 20 s). Two cores stand for all nodes here, so quicker cards are limited by them."""


def run() -> dict[str, Any]:
    """A round with each number of cards. Details of each go to standard error, a JSON object a line."""
    rounds = {n: measure(n, prompt_s=PROMPT_S, each=EACH, workers=-(-n // CARDS_A_NODE)) for n in CARDS}
    one = rounds[CARDS[0]]["jobs_s"] / CARDS[0]
    per_n = {n: figures["jobs_s"] / (n * one) for n, figures in rounds.items()}
    busy = {n: figures["busy"] / rounds[CARDS[0]]["busy"] for n, figures in rounds.items()}
    return {
        "ratio": round(min(busy.values()), 3),
        **{f"per_n_{n}": round(value, 3) for n, value in per_n.items()},
        **{f"jobs_s_{n}": round(figures["jobs_s"], 3) for n, figures in rounds.items()},
        "wait_p50_ms": rounds[CARDS[-1]]["wait_p50_ms"],
        "wait_p95_ms": rounds[CARDS[-1]]["wait_p95_ms"],
        "busy": {n: figures["busy"] for n, figures in rounds.items()},
        "cpu_s_a_job": rounds[CARDS[-1]]["cpu_s_a_job"],
        "prompt_s": PROMPT_S,
        "n": EACH * sum(CARDS),
    }


def measure(n: int, *, prompt_s: float, each: int, workers: int) -> dict[str, Any]:
    """A batch of `each` jobs for each of `n` cards: jobs a second; milliseconds that a card was without a prompt between two;
    CPU seconds of each part."""
    with rig(n, prompt_s=prompt_s, workers=workers) as test_rig:
        load, before = os.getloadavg()[0], _cpu_by_part()
        since_ms = time.time() * 1000
        batch = ask_pictures(test_rig, each * n)
        seconds = wait_for_batch(test_rig, batch)
        spent = {part: after - before.get(part, 0.0) for part, after in _cpu_by_part().items()}
        rate = _rate(test_rig, batch)
        cards = [_spans(url, since_ms) for url in test_rig.urls]
    waits = sorted(start - end for spans in cards for (_, end), (start, _) in pairwise(spans))
    spans_ms = [spans[-1][1] - spans[0][0] for spans in cards if spans]
    unused = n - len(spans_ms)
    figures = {
        "jobs_s": rate,
        "busy": round((1 - sum(waits) / sum(spans_ms)) * (1 - unused / n), 4),
        "unused_cards": unused,
        "wait_p50_ms": round(waits[len(waits) // 2]),
        "wait_p95_ms": round(waits[int(len(waits) * 0.95)]),
        "cpu_s_a_job": {part: round(value / (each * n), 3) for part, value in sorted(spent.items())},
    }
    sys.stderr.write(json.dumps({"cards": n, "seconds": round(seconds, 1), "load_before": round(load, 1), **figures}) + "\n")
    return figures | {"jobs": each * n, "seconds": seconds, "cpu_s": spent}


def _rate(test_rig: Rig, batch: str) -> float:
    """Jobs a second of all cards, of jobs that ended before the last one was claimed."""
    with test_rig.running_studio.app.db.transaction(SystemCaller(test_rig.running_studio.tenant.id)) as tx:
        return float(tx.scalar(_RATE, {"batch": f"{batch}/%"}))


_RATE = text(
    """WITH batch AS (SELECT a.device_id, a.started_at, a.ended_at FROM attempts a JOIN jobs j ON j.id = a.job_id
        WHERE j.request_key LIKE :batch),
    ends AS (SELECT device_id, ended_at FROM batch
        WHERE ended_at < (SELECT max(started_at) FROM batch) + interval '0.5 s')
    SELECT sum(rate) FROM (SELECT (count(*) - 1) / extract(epoch FROM max(ended_at) - min(ended_at)) AS rate
        FROM ends GROUP BY device_id HAVING count(*) > 1) cards"""
)


def _spans(url: str, since_ms: float) -> list[tuple[float, float]]:
    """Start and end of a card's prompts after `since_ms`, all in ms since 1970."""
    entries: dict[str, Any] = httpx.get(f"{url}/history").json()
    messages = [[data["timestamp"] for _, data in entry["status"]["messages"]] for entry in entries.values()]
    return sorted((min(times), max(times)) for times in messages if min(times) >= since_ms)


def _cpu_by_part() -> dict[str, float]:
    """CPU seconds so far of this process's children, by what they are."""
    spent: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        try:
            words, times = " ".join(process.cmdline()), process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        part = next((name for mark, name in _PARTS.items() if mark in words), "other")
        spent[part] = spent.get(part, 0.0) + times.user + times.system
    return spent


_PARTS = {"tests.servers.comfyui": "cards", "workers.main": "workers", "postgres": "postgres", "valkey": "valkey", "weed": "s3"}

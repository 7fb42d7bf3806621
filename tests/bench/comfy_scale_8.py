"""Jobs a second with 1, 2, 4 and 8 ComfyUI servers beside N times those with one. Bar: 0.95 N."""

from __future__ import annotations

import statistics
from typing import Any

from tests.bench.comfy_studio import Rig, ask_pictures, rig, wait_for_batch

EACH, ROUNDS, PROMPT_S = 5, 2, 4.0
"""Jobs for each server in a round. Four seconds: what a quick card takes, and what eight servers need on few cores."""


def run() -> dict[str, Any]:
    """Rounds with 1, 2, 4 and 8 servers, each with a worker that knows exactly these."""
    figures: dict[int, list[float]] = {1: [], 2: [], 4: [], 8: []}
    for _ in range(ROUNDS):
        for n, rates in figures.items():
            with rig(n, prompt_s=PROMPT_S) as test_rig:
                rates.append(_rate(test_rig, n))
    rates = {n: statistics.median(some) for n, some in figures.items()}
    return {
        "ratio": round(min(rates[n] / (n * rates[1]) for n in (2, 4, 8)), 3),
        **{f"per_n_{n}": round(rates[n] / (n * rates[1]), 3) for n in (2, 4, 8)},
        **{f"jobs_s_{n}": round(rate, 3) for n, rate in rates.items()},
        "prompt_s": PROMPT_S,
        "n": EACH * ROUNDS,
    }


def _rate(test_rig: Rig, n: int) -> float:
    return EACH * n / wait_for_batch(test_rig, ask_pictures(test_rig, EACH * n))

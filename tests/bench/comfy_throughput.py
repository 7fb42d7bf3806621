"""One-second jobs through the whole pipeline on one ComfyUI, beside a bare loop on the same server. Bar: 0.97."""

from __future__ import annotations

import statistics
from typing import Any

from tests.bench.comfy_studio import ask_pictures, bare_client, rig, wait_for_batch

JOBS, ROUNDS, PROMPT_S = 25, 2, 1.0


def run() -> dict[str, Any]:
    """In turn: half of the bare loop, half of our jobs, twice."""
    with rig(1, prompt_s=PROMPT_S) as test_rig:
        bare_rates, own_rates = [], []
        for _ in range(ROUNDS):
            bare_rates.append(JOBS / bare_client(test_rig.urls[0], JOBS))
            own_rates.append(JOBS / wait_for_batch(test_rig, ask_pictures(test_rig, JOBS)))
    ratios = [our / their for our, their in zip(own_rates, bare_rates, strict=True)]
    figures = {"ours": statistics.median(own_rates), "bare": statistics.median(bare_rates)}
    return {
        "ratio": round(figures["ours"] / figures["bare"], 3),
        **{name: round(value, 3) for name, value in figures.items()},
        "unit": "jobs/s",
        "n": JOBS * ROUNDS,
        "rounds": [round(ratio, 3) for ratio in ratios],
    }

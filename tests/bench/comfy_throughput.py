"""One-second jobs through the whole pipeline on one ComfyUI, beside a bare loop on the same server. Bar: 0.97."""

from __future__ import annotations

import statistics
from typing import Any

from tests.bench.comfy_studio import ask, bare, done, rig

JOBS, ROUNDS, PROMPT_S = 25, 2, 1.0


def run() -> dict[str, Any]:
    """In turn: half of the bare loop, half of our jobs, twice."""
    with rig(1, prompt_s=PROMPT_S) as made:
        theirs, ours = [], []
        for _ in range(ROUNDS):
            theirs.append(JOBS / bare(made.urls[0], JOBS))
            ours.append(JOBS / done(made, ask(made, JOBS)))
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    figures = {"ours": statistics.median(ours), "bare": statistics.median(theirs)}
    return {
        "ratio": round(figures["ours"] / figures["bare"], 3),
        **{name: round(value, 3) for name, value in figures.items()},
        "unit": "jobs/s",
        "n": JOBS * ROUNDS,
        "rounds": [round(ratio, 3) for ratio in ratios],
    }

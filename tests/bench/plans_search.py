"""A search among 300,000 plans by a word that all have, one that a few have, and one that none has: one caller at a time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.bench.hundred_operators import ROWS, alone, full, site

ROUNDS = 20
WORDS = {"common": "harbour", "rare": "number 29999", "none": "zebra"}


def run() -> dict[str, Any]:
    """p95 in ms of ROUNDS answers to each."""
    with full() as running_studio, site(running_studio) as (url, _):
        results = {
            kind: alone(
                running_studio,
                url,
                f"/api/content-plans?{urlencode({'workspace': running_studio.tenant.id, 'q': word})}",
                rounds=ROUNDS,
                pause_s=0.0,
            )
            for kind, word in WORDS.items()
        }
    return {f"{kind}_p95_ms": figures["p95_ms"] for kind, figures in results.items()} | {"rows": ROWS, "n": ROUNDS * len(WORDS)}

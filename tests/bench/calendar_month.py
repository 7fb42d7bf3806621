"""A month of the calendar in a workspace of 300,000 plans, as its page asks for it: seconds and bytes, one caller at a time."""

from __future__ import annotations

from typing import Any

from tests.bench.hundred_operators import ROWS, alone, full, requests_of, site

ROUNDS = 30


def run() -> dict[str, Any]:
    """p95 in ms of ROUNDS answers that are each made anew."""
    with full() as running_studio, site(running_studio) as (url, _):
        return {**alone(running_studio, url, requests_of(running_studio)["calendar"][0], rounds=ROUNDS), "rows": ROWS}

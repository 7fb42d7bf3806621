"""A question answered from memory beside the same answered by a quick model, both all the way with their ledger rows."""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import Any

from tests.bench.llm_call import ours
from tests.bench.servers import studio
from tests.servers.openrouter import ModelServer
from tests.support.context import make_context
from tests.support.handlers import Steps

QUESTIONS, ANSWER_S = 30, 0.5
"""Half a second until the answer: the quickest that hosted models are."""


def run() -> dict[str, Any]:
    """Milliseconds, medians, one call at a time."""
    with ModelServer() as server:
        server.faults.answer_s = ANSWER_S
        with studio(LOG_LEVEL="WARNING", OPENROUTER_API_KEY="sk-bench", OPENROUTER_BASE_URL=server.url) as running_studio:
            ask = partial(ours, make_context(running_studio.app, running_studio.tenant, "test-instant", Steps(n=0)))
            ask(QUESTIONS)  # warm: connections, prices
            first, again = [_ms(ask, n) for n in range(QUESTIONS)], [_ms(ask, n) for n in range(QUESTIONS)]
            assert len(server.asked) == QUESTIONS + 1
            running_studio.app.engines.text.close()
    cached, uncached = statistics.median(again), statistics.median(first)
    return {
        "ratio": round(cached / uncached, 4),
        "cached": round(cached, 2),
        "uncached": round(uncached, 1),
        "unit": "ms",
        "answer_s": ANSWER_S,
        "n": QUESTIONS,
    }


def _ms(ask: Any, n: int) -> float:
    started_at = time.perf_counter()
    ask(n)
    return (time.perf_counter() - started_at) * 1000

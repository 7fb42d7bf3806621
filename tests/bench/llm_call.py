"""Words asked with reservation, ledger and settlement beside the same stream over bare httpx, fifty at once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

from backend import budgets
from backend.bootstrap import App
from backend.engines.text.port import TextRequest
from backend.kit.db import Trusted
from tests.bench.servers import studio
from tests.servers.openrouter import ModelServer

AT_ONCE, CALLS, ROUNDS = 50, 200, 3
ANSWER_S = 1.0
"""Until the first word, as a quick model takes."""


def run() -> dict[str, Any]:
    """Calls a second, the median of rounds in turn. The budget is large enough; nothing comes from memory."""
    with ModelServer() as server:
        server.faults.answer_s = ANSWER_S
        more = {"OPENROUTER_API_KEY": "sk-bench", "OPENROUTER_BASE_URL": server.url, "ENABLE_CACHING": "false"}
        with (
            studio(LOG_LEVEL="WARNING", **more) as here,
            httpx.Client(timeout=30, limits=httpx.Limits(max_connections=100, keepalive_expiry=2.0)) as bare,
        ):
            transact = partial(here.app.db.transaction, Trusted(here.tenant.id, here.tenant.user_id))
            ask, post = partial(ours, here.app, transact), partial(_bare, bare, server.url)
            rate(ask, AT_ONCE), rate(post, AT_ONCE)  # warm: connections, prices
            rates = [(rate(ask, CALLS), rate(post, CALLS)) for _ in range(ROUNDS)]
            assert len(server.asked) == 2 * (AT_ONCE + ROUNDS * CALLS)
            here.app.engines.text.close()
    mine, theirs = (statistics.median(side) for side in zip(*rates, strict=True))
    return {
        "ratio": round(mine / theirs, 3),
        "ours": round(mine, 1),
        "bare": round(theirs, 1),
        "unit": "calls/s",
        "answer_s": ANSWER_S,
        "n": CALLS,
    }


def ours(app: App, transact: Any, n: int) -> None:
    request = TextRequest("writing", "You are brief.", f"Question {n}?", max_tokens=200)
    assert budgets.ask(app, transact, request, about=budgets.About("bench")).text


def _bare(client: httpx.Client, url: str, n: int) -> None:
    messages = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": f"Question {n}?"}]
    body = {"model": "anthropic/claude-3-5-sonnet", "messages": messages, "max_tokens": 200, "stream": True}
    with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
        assert "[DONE]" in [line[6:] for line in answer.iter_lines() if line.startswith("data: ")]


def rate(call: Callable[[int], None], n: int) -> float:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = time.perf_counter()
        list(pool.map(call, range(n)))
        return n / (time.perf_counter() - begun)

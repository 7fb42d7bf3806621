"""Words asked by a job with reservation, ledger and settlement beside the same stream over bare httpx, fifty at once.

The model's server is a process of its own, as it is in life: in this one it would take turns with whoever asks it.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx

from backend import budgets
from backend.db.transactions import SystemCaller
from backend.engines.ports.text import TextRequest
from tests.bench.servers import studio
from tests.support.context import make_context
from tests.support.handlers import Steps
from workers.context import Context

AT_ONCE, CALLS, ROUNDS = 50, 200, 3
ANSWER_S = 1.0
"""Until the first word, as a quick model takes."""


def run() -> dict[str, Any]:
    """Calls a second, the median of rounds in turn. The budget is large enough; nothing comes from memory."""
    with model_server() as (url, ask_server):
        more = {"OPENROUTER_API_KEY": "sk-bench", "OPENROUTER_BASE_URL": url, "ENABLE_CACHING": "false"}
        with (
            studio(LOG_LEVEL="WARNING", **more) as running_studio,
            httpx.Client(timeout=30, limits=httpx.Limits(max_connections=100, keepalive_expiry=2.0)) as bare,
        ):
            job = make_context(running_studio.app, running_studio.tenant, "test-instant", Steps(n=0))
            ask, post = partial(ours, job), partial(_bare, bare, url)
            rate(ask, AT_ONCE), rate(post, AT_ONCE)  # warm: connections, prices
            rounds = [(*measured(ask), *measured(post)) for _ in range(ROUNDS)]
            assert ask_server() == 2 * (AT_ONCE + ROUNDS * CALLS)
            running_studio.app.engines.text.close()
    own_rate, own_cpu, bare_rate, bare_cpu = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "ratio": round(own_rate / bare_rate, 3),
        "ours": round(own_rate, 1),
        "bare": round(bare_rate, 1),
        "unit": "calls/s",
        "cpu_ms": [round(own_cpu, 2), round(bare_cpu, 2)],
        "answer_s": ANSWER_S,
        "n": CALLS,
    }


@contextmanager
def model_server() -> Iterator[tuple[str, Callable[[], int]]]:
    """(its address, how many calls it was asked)."""
    command = [sys.executable, "-m", "tests.servers.openrouter"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    output, orders = process.stdout, process.stdin

    def asked(**faults: float) -> int:
        orders.write(json.dumps(faults) + "\n")
        orders.flush()
        return int(output.readline())

    try:
        url = output.readline().strip()
        asked(answer_s=ANSWER_S)
        yield url, asked
    finally:
        process.stdin.close()
        process.wait(30)


def measured(call: Callable[[int], None]) -> tuple[float, float]:
    """Calls a second, and milliseconds of this process's CPU time a call."""
    cpu_before = time.process_time()
    calls_per_s = rate(call, CALLS)
    return calls_per_s, 1000 * (time.process_time() - cpu_before) / CALLS


def ours(job: Context, n: int) -> None:
    """As a job asks: nothing is reserved for an attempt that has ended."""
    request = TextRequest("writing", "You are brief.", f"Question {n}?", max_tokens=200)
    about = budgets.CallPurpose("bench", job_id=job.job_id, attempt_id=job.attempt_id)
    assert budgets.complete(job.app, SystemCaller(job.tenant_id, job.user_id), request, purpose=about, check=job.check).text


def _bare(client: httpx.Client, url: str, n: int) -> None:
    messages = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": f"Question {n}?"}]
    body = {"model": "anthropic/claude-3-5-sonnet", "messages": messages, "max_tokens": 200, "stream": True}
    with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
        assert "[DONE]" in [line[6:] for line in answer.iter_lines() if line.startswith("data: ")]


def rate(call: Callable[[int], None], n: int) -> float:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started_at = time.perf_counter()
        list(pool.map(call, range(n)))
        return n / (time.perf_counter() - started_at)

"""The list of jobs over REST with an API key beside a bare Starlette route, fifty clients at once.

Both run as a process of their own on the same Postgres with 300,000 jobs, and a studio with 10,000 on one of its own; they are
asked in turn. The bare route has the same page (50 jobs, ten columns), the same bounded count, the same row-level security and
a pool as large; nothing else: no authorisation, no checked models, no log, no limits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from backend import access
from backend.access import ApiKeyDraft
from backend.db.transactions import SystemCaller
from tests.bench.hundred_operators import _answer, p95_ms, site
from tests.bench.servers import Studio, studio
from tests.e2e.conftest import free_port, running
from tests.factories.many_rows import fill_rows
from tests.factories.posts import make_planner
from tests.factories.studio_rows import fill_workspace
from tests.support.wait import until

CLIENTS, REQUESTS, ROUNDS = 50, 12, 5
FEW, MANY = 10_000, 300_000


def run() -> dict[str, Any]:
    """`ratio`: our p95 to the bare one's, the median of rounds in turn. `growth`: our p95 with 300,000 jobs to that with
    10,000."""
    with (
        filled(FEW) as (_, few_url, few_key),
        filled(MANY) as (running_studio, url, key),
        bare(running_studio) as bare_url,
    ):
        measured = ((url, key), (bare_url, key), (few_url, few_key))
        rounds = [[_measure(*server) for server in measured] for _ in range(1 + ROUNDS)][1:]  # the first one warms up
    ours, bare_p95, few_p95 = (sorted(column)[ROUNDS // 2] for column in zip(*rounds, strict=True))
    return {
        "ratio": round(ours / bare_p95, 2),
        "ours_p95_ms": ours,
        "bare_p95_ms": bare_p95,
        "growth": round(ours / few_p95, 2),
        "few_p95_ms": few_p95,
        "clients": CLIENTS,
        "rows": MANY,
        "n": CLIENTS * REQUESTS,
    }


@contextmanager
def filled(rows: int) -> Iterator[tuple[Studio, str, str]]:
    """A studio with as many jobs, pictures, plans and posts; its address, and an API key of the workspace."""
    with studio(LOG_LEVEL="WARNING", ENABLE_RATE_LIMITING="false") as running_studio, site(running_studio) as (url, _):
        generation_id = fill_workspace(running_studio.app.db, running_studio.tenant, pictures=2).generation_id
        with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id, running_studio.tenant.user_id)) as tx:
            planner = make_planner(tx, "Zara")
        ids = {"influencer_id": planner.influencer.id, "channel_id": planner.channel.id, "generation_id": generation_id}
        fill_rows(running_studio.owner_url, running_studio.tenant, n=rows, **ids)
        with running_studio.app.db.transaction(running_studio.tenant.caller, needs="owner") as tx:
            key = access.create(tx, ApiKeyDraft(name="bench", scopes=("*:read",))).secret
        yield running_studio, url, key


@contextmanager
def bare(running_studio: Studio) -> Iterator[str]:
    port = free_port()
    args = ("-m", "tests.bench.api_list_bare", str(port), running_studio.tenant.id)
    with running(args, running_studio.environment, running_studio.folder / "bare.log"):
        url = f"http://127.0.0.1:{port}"
        until(lambda: asyncio.run(_ready(url)), 30, what="the bare route")
        yield url


async def _ready(url: str) -> bool:
    try:
        _, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    except OSError:
        return False
    writer.close()
    return True


def _measure(url: str, key: str) -> int:
    """p95 in ms."""
    return p95_ms(asyncio.run(_all_clients(url, key)))


async def _all_clients(url: str, key: str) -> list[float]:
    async with asyncio.TaskGroup() as group:
        clients = [group.create_task(_client(url, key)) for _ in range(CLIENTS)]
    return [seconds for client in clients for seconds in client.result()]


async def _client(url: str, key: str) -> list[float]:
    where = urlsplit(url)
    request = f"GET /api/jobs?take=50 HTTP/1.1\r\nhost: {where.netloc}\r\nauthorization: Bearer {key}\r\n\r\n".encode()
    connection = await asyncio.open_connection(where.hostname, where.port, limit=1 << 20)
    times = []
    for _ in range(REQUESTS):
        started_at = time.perf_counter()
        head, body = await _answer(connection, request)
        times.append(time.perf_counter() - started_at)
        assert head.startswith(b"HTTP/1.1 200"), (head, body[:300])
        assert body.count(b'"id"') >= 50, body[:300]
    connection[1].close()
    return times

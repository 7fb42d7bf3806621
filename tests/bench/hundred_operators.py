"""A hundred people at once in a workspace of 300,000 jobs, pictures, plans and posts, with two busy workers beside.

Each page asks for live jobs every 2 s, and for the gallery and the calendar's month every 10 s: 70 requests a second, sent when
they are due whether or not earlier ones are answered. The generator, Postgres and the workers share the studio's cores.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from backend import jobs
from backend.db.transactions import CACHE_S, SystemCaller
from backend.kit.clock import now
from backend.kit.ids import new_id
from ops.local_stack import services
from tests.bench.servers import Studio, studio
from tests.e2e.conftest import answers, free_port, listening_pid, running
from tests.factories.account import make_person
from tests.factories.many_rows import fill_rows
from tests.factories.posts import make_planner
from tests.factories.studio_rows import fill_workspace
from tests.support.handlers import Steps
from tests.support.wait import until

ROWS, OPERATORS, SECONDS, WARM_S = 300_000, 100, 60.0, 10.0
LIVE_S, PAGE_S = 2.0, 10.0
WAITING = 30
"""Jobs that the workers always find."""


@dataclass
class Measured:
    """By kind: seconds from when a request was due until its answer was complete; and the failed requests."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: int = 0


def run() -> dict[str, Any]:
    """p95 in ms over all requests and by kind; `studio_core`: cores that the studio's process used; `cpu_ms` a request."""
    with full() as running_studio, site(running_studio) as (url, pid), two_workers(running_studio):
        asyncio.run(operate(running_studio, url, WARM_S))
        cpu, started_at = cpu_s(pid), time.monotonic()
        measured = asyncio.run(operate(running_studio, url, SECONDS))
        took, spent = time.monotonic() - started_at, cpu_s(pid) - cpu
    every = [seconds for times in measured.times.values() for seconds in times]
    return {
        "p95_ms": p95_ms(every),
        "p50_ms": round(sorted(every)[len(every) // 2] * 1000),
        **{f"{kind}_p95_ms": p95_ms(times) for kind, times in sorted(measured.times.items())},
        "requests_s": round(len(every) / took, 1),
        "studio_core": round(spent / took, 2),
        "cpu_ms": round(spent / len(every) * 1000, 2),
        "failed": measured.failed,
        "rows": ROWS,
        "operators": OPERATORS,
        "load": round(os.getloadavg()[0], 1),
        "n": len(every),
    }


def p95_ms(times: list[float]) -> int:
    return round(sorted(times)[int(len(times) * 0.95)] * 1000)


@contextmanager
def full(rows_each: int = ROWS) -> Iterator[Studio]:
    """Servers with a workspace of so many of each."""
    with studio(LOG_LEVEL="WARNING") as running_studio:
        rows = fill_workspace(running_studio.app.db, running_studio.tenant, pictures=8)
        with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id, running_studio.tenant.user_id)) as tx:
            planner = make_planner(tx, "Zara")
        ids = {"influencer_id": planner.influencer.id, "channel_id": planner.channel.id, "generation_id": rows.generation_id}
        fill_rows(running_studio.owner_url, running_studio.tenant, n=rows_each, **ids)
        yield running_studio


@contextmanager
def site(running_studio: Studio) -> Iterator[tuple[str, int]]:
    """The studio's process as the supervisor starts it: its address and pid."""
    port = free_port()
    url, args = f"http://127.0.0.1:{port}", services.studio_service(host="127.0.0.1", port=port).args
    with running(args, {**running_studio.environment, "PORT": str(port)}, running_studio.folder / "studio.log"):
        until(lambda: answers(url), 60, what="the studio")
        yield url, listening_pid(port)


@contextmanager
def two_workers(running_studio: Studio) -> Iterator[None]:
    """Both have as many jobs at once as they take, all the time: small steps, progress and log lines."""
    argv = [sys.executable, "-m", "workers.main", "--queues", "cpu,net", "--handlers", "tests.support.handlers"]
    env = {**os.environ, **running_studio.environment}
    ended = threading.Event()
    feeder = threading.Thread(target=_feed, args=(running_studio, ended))
    with (running_studio.folder / "workers.log").open("wb") as log:
        root = Path(__file__).parents[2]
        both = [subprocess.Popen([*argv, *more], env=env, cwd=root, stdout=log, stderr=log) for more in (["--tick"], [])]
    feeder.start()
    try:
        yield
    finally:
        ended.set()
        feeder.join()
        for worker in both:
            worker.terminate()
        for worker in both:
            worker.wait(30)


def _feed(running_studio: Studio, ended: threading.Event) -> None:
    trusted = SystemCaller(running_studio.tenant.id, running_studio.tenant.user_id)
    while not ended.wait(0.5):
        with running_studio.app.db.transaction(trusted) as tx:
            missing = WAITING - jobs.counts(tx, kinds=["test-steps"])["pending"]
            for _ in range(max(0, missing)):
                jobs.enqueue(tx, kind="test-steps", payload=Steps(n=20, pause_s=0.05), title="Steps", request_key=new_id("key"))


def requests_of(running_studio: Studio) -> dict[str, tuple[str, float]]:
    """Path and how often in seconds, as the pages ask."""
    month = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    first = month - timedelta(days=month.weekday())
    workspace_query = {"workspace": running_studio.tenant.id}
    calendar_query = {"from": first.isoformat(), "to": (first + timedelta(days=42)).isoformat(), "zone": "UTC", "perDay": 6}
    return {
        "live": (f"/api/jobs/live?{urlencode(workspace_query)}", LIVE_S),
        "gallery": (f"/api/pictures?{urlencode({**workspace_query, 'take': 60})}", PAGE_S),
        "calendar": (f"/api/content-plans/calendar?{urlencode({**workspace_query, **calendar_query})}", PAGE_S),
    }


async def operate(running_studio: Studio, url: str, seconds: float) -> Measured:
    """Runs all operators for `seconds`, each signed in as another user, with their pages out of step."""
    tokens = [make_person(running_studio.app.db, running_studio.tenant.id, "editor").token for _ in range(OPERATORS)]
    measured, dice = Measured(), random.Random(7)
    begin = time.monotonic() + 0.5
    async with asyncio.TaskGroup() as group:
        for token in tokens:
            for kind, (path, every) in requests_of(running_studio).items():
                first = begin + dice.uniform(0, every)
                group.create_task(
                    _page(url, token, kind, path, first=first, every=every, until=begin + seconds, measured=measured)
                )
    return measured


async def _page(
    url: str, token: str, kind: str, path: str, *, first: float, every: float, until: float, measured: Measured
) -> None:
    """One page on one open connection, as in a browser. Times count from when a request was due, so lateness is included."""
    where = urlsplit(url)
    request = f"GET {path} HTTP/1.1\r\nhost: {where.netloc}\r\ncookie: studio_sid={token}\r\n\r\n".encode()
    connection = await asyncio.open_connection(where.hostname, where.port)
    due = first
    while due < until:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        try:
            head, body = await _answer(connection, request)
        except (ConnectionError, asyncio.IncompleteReadError):
            # The studio closes a connection that nobody has used for some seconds; browsers open another and ask again.
            connection[1].close()
            connection = await asyncio.open_connection(where.hostname, where.port)
            head, body = await _answer(connection, request)
        measured.times[kind].append(time.monotonic() - due)
        measured.failed += not (head.startswith(b"HTTP/1.1 200") and b'"data"' in body)
        due += every
    connection[1].close()


async def _answer(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes) -> tuple[bytes, bytes]:
    """Head and body. Raises ConnectionError, IncompleteReadError."""
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head, await reader.readexactly(int(length.split(b":")[1]))


def cpu_s(pid: int) -> float:
    """Of a process with its threads, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alone(running_studio: Studio, url: str, path: str, *, rounds: int, pause_s: float = CACHE_S) -> dict[str, Any]:
    """One caller, one answer after another, `pause_s` apart (by default so long that none is a repeated one)."""
    where, times, size = urlsplit(url), list[float](), 0
    line = http.client.HTTPConnection(where.netloc)
    for _ in range(rounds + 1):
        time.sleep(pause_s)
        started_at = time.monotonic()
        line.request("GET", path, headers={"cookie": f"studio_sid={running_studio.tenant.token}"})
        answer = line.getresponse()
        size = len(answer.read())
        assert answer.status == 200
        times.append(time.monotonic() - started_at)
    line.close()
    load = round(os.getloadavg()[0], 1)
    return {
        "p95_ms": p95_ms(times[1:]),
        "p50_ms": round(sorted(times[1:])[rounds // 2] * 1000),
        "bytes": size,
        "load": load,
        "n": rounds,
    }

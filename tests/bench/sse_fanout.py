"""Five hundred open streams of one workspace: how soon each hears that a job has ended, and what they cost beside polling.

The studio is a process of its own; twenty-five people have twenty streams each. Jobs are cancelled one after the other, and the
time counts from before the cancelling transaction to the arrival of its event at each stream. Then the same five hundred ask
/api/jobs/live every two seconds instead. CPU is that of the studio's process for as long, with as many jobs that end.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

from backend import access, jobs
from backend.access import ApiKeyDraft
from backend.db.transactions import SignedIn
from backend.kit.ids import new_id
from tests.bench.hundred_operators import _answer, cpu_s, site
from tests.bench.servers import Studio, studio
from tests.factories.account import make_person
from tests.support.handlers import Steps

PEOPLE, STREAMS = 25, 20
ENDED, PAUSE_S = 20, 1.0
POLL_S = 2.0


def run() -> dict[str, Any]:
    """`ratio`: CPU of the streams to that of the polls. `p95_ms`: from the commit's start to a client."""
    with (
        studio(LOG_LEVEL="WARNING", ENABLE_RATE_LIMITING="false") as running_studio,
        site(running_studio) as (url, pid),
    ):
        people = [make_person(running_studio.app.db, running_studio.tenant.id, "owner").caller for _ in range(PEOPLE)]
        keys = [_key(running_studio, person) for person in people]
        waits, stream_cpu = asyncio.run(_streams(running_studio, url, pid, keys))
        poll_cpu = asyncio.run(_polls(running_studio, url, pid, keys))
    waits.sort()
    return {
        "ratio": round(stream_cpu / poll_cpu, 3),
        "p95_ms": round(waits[int(len(waits) * 0.95)] * 1000, 1),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "cpu_s": [round(stream_cpu, 2), round(poll_cpu, 2)],
        "streams": PEOPLE * STREAMS,
        "n": len(waits),
    }


def _key(running_studio: Studio, person: SignedIn) -> str:
    with running_studio.app.db.transaction(person, needs="owner") as tx:
        return access.create(tx, ApiKeyDraft(name="bench", scopes=("*:read",))).secret


async def _streams(running_studio: Studio, url: str, pid: int, keys: list[str]) -> tuple[list[float], float]:
    begun: dict[str, float] = {}
    waits: list[float] = []
    ready = asyncio.Semaphore(0)
    tasks = []
    for key in keys:  # one person after the other: the studio takes few connections that have not said what they want
        tasks += [asyncio.create_task(_stream(url, key, begun, waits, ready)) for _ in range(STREAMS)]
        for _ in range(STREAMS):
            await ready.acquire()
    cpu = cpu_s(pid)
    await _end_jobs(running_studio, begun)
    cpu = cpu_s(pid) - cpu
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(waits) == len(tasks) * ENDED, len(waits)
    return waits, cpu


async def _stream(url: str, key: str, begun: dict[str, float], waits: list[float], ready: asyncio.Semaphore) -> None:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(f"GET /api/events?noun=job HTTP/1.1\r\nhost: {where.netloc}\r\nauthorization: Bearer {key}\r\n\r\n".encode())
    async for line in reader:
        if line.startswith(b"event: ready"):
            ready.release()
        elif line.startswith(b"data: ") and b'"job.cancelled"' in line:
            job_id = line.split(b'"nounId": "', 1)[1].split(b'"', 1)[0].decode()
            waits.append(time.perf_counter() - begun[job_id])


async def _end_jobs(running_studio: Studio, begun: dict[str, float]) -> None:
    for _ in range(ENDED):
        job_id = await asyncio.to_thread(_start, running_studio)
        await asyncio.sleep(PAUSE_S / 2)
        begun[job_id] = time.perf_counter()
        await asyncio.to_thread(_cancel, running_studio, job_id)
        await asyncio.sleep(PAUSE_S / 2)


def _start(running_studio: Studio) -> str:
    with running_studio.app.db.transaction(running_studio.tenant.caller, needs="editor") as tx:
        return jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="x", request_key=new_id("key")).id


def _cancel(running_studio: Studio, job_id: str) -> None:
    with running_studio.app.db.transaction(running_studio.tenant.caller, needs="editor") as tx:
        jobs.cancel(tx, job_id)


async def _polls(running_studio: Studio, url: str, pid: int, keys: list[str]) -> float:
    n = len(keys) * STREAMS
    tasks = [
        asyncio.create_task(_poll(url, key, (place * STREAMS + turn) / n * POLL_S))
        for place, key in enumerate(keys)
        for turn in range(STREAMS)
    ]
    await asyncio.sleep(POLL_S)
    cpu = cpu_s(pid)
    await _end_jobs(running_studio, {})
    cpu = cpu_s(pid) - cpu
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return cpu


async def _poll(url: str, key: str, first_s: float) -> None:
    where = urlsplit(url)
    request = f"GET /api/jobs/live HTTP/1.1\r\nhost: {where.netloc}\r\nauthorization: Bearer {key}\r\n\r\n".encode()
    await asyncio.sleep(first_s)
    connection = await asyncio.open_connection(where.hostname, where.port)
    while True:
        started_at = time.perf_counter()
        await _answer(connection, request)
        await asyncio.sleep(max(0.0, POLL_S - (time.perf_counter() - started_at)))

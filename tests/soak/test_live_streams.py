"""Ten thousand open streams of events on one studio process, and one that never reads. `make soak`.

STREAMS changes how many. The last line of each test is JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from backend import access, events
from backend.access import ApiKeyDraft
from backend.db.transactions import SystemCaller
from studio.shell import connections
from tests.bench.hundred_operators import cpu_s, site
from tests.bench.servers import Studio, studio
from tests.support.wait import until

STREAMS = int(os.environ.get("STREAMS", "10000"))
AT_ONCE = 50
"""Connections that are being opened: the studio takes few from one address that have not said what they want."""
EVENTS, QUIET_S = 10, 30.0
LIMITS = {"ENABLE_RATE_LIMITING": "false", "LOG_LEVEL": "WARNING"}
READERS, LARGE_EVENTS, LARGE_BYTES = 20, 20_000, 4_000


class Listener(asyncio.Protocol):
    """One stream. Notes when it has received an event of a row."""

    def __init__(self, request: bytes, opened: asyncio.Semaphore, received: dict[str, list[float]]) -> None:
        self.request, self.opened, self.received = request, opened, received
        self.head, self.ended = b"", False
        self._last = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.head:
            self._last += data
            if b"event: ready" in self._last or (b"\r\n\r\n" in self._last and b" 200 " not in self._last[:20]):
                self.head, self._last = self._last, b""
                self.opened.release()
            return
        *whole, self._last = (self._last + data).split(b"\n\n")
        for block in whole:
            if (place := block.find(b'"nounId": "')) >= 0:
                self.received[block[place + 11 : block.index(b'"', place + 11)].decode()].append(time.perf_counter())

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True


def test_ten_thousand_streams_of_one_process() -> None:
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most != resource.RLIM_INFINITY and most < STREAMS + 500:
        pytest.skip(f"A process may open {most} files here, which are too few connections.")
    raised = {"MAX_LIVE_STREAMS": str(STREAMS), "MAX_LIVE_STREAMS_PER_PERSON": str(STREAMS)}
    try:
        with studio(**LIMITS, **raised) as running_studio, site(running_studio) as (url, pid):
            figures = asyncio.run(_many(running_studio, url, pid))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    print("\n" + json.dumps(figures))
    assert (figures["received"], figures["refused"]) == (STREAMS * EVENTS, "503, Retry-After 30"), figures
    assert figures["kib_a_stream"] < 100, figures


async def _many(running_studio: Studio, url: str, pid: int) -> dict[str, Any]:
    request, received, process = _request(url, _key(running_studio)), defaultdict[str, list[float]](list), psutil.Process(pid)
    listeners = await _open(url, request, AT_ONCE, received)  # what the first ones load is no stream's
    before, began = process.memory_info().rss, time.monotonic()
    for place in range(AT_ONCE, STREAMS, AT_ONCE):
        listeners += await _open(url, request, min(AT_ONCE, STREAMS - place), received)
    opened_s, rss = time.monotonic() - began, process.memory_info().rss
    [one_more] = await _open(url, request, 1, received)
    headers = dict(line.split(": ", 1) for line in one_more.head.decode().lower().split("\r\n") if ": " in line)
    cpu, began = cpu_s(pid), time.monotonic()
    await asyncio.sleep(QUIET_S)
    idle_core = (cpu_s(pid) - cpu) / (time.monotonic() - began)
    waits = []
    for n in range(EVENTS):
        begun = time.perf_counter()
        await asyncio.to_thread(_record, running_studio, [f"plan-{n}"], "")
        async with asyncio.timeout(60):
            while len(received[f"plan-{n}"]) < STREAMS:
                await asyncio.sleep(0.05)
        waits += [arrived - begun for arrived in received[f"plan-{n}"]]
    waits.sort()
    rss_with_all = process.memory_info().rss
    for listener in [*listeners, one_more]:
        listener.transport.abort()
    return {
        "streams": STREAMS,
        "kib_a_stream": round((rss - before) / 1024 / (STREAMS - AT_ONCE), 1),
        "rss_mib": round(rss_with_all / 2**20),
        "opened_a_second": round((STREAMS - AT_ONCE) / opened_s),
        "idle_core": round(idle_core, 3),
        "event_to_all_p95_ms": round(waits[int(len(waits) * 0.95)] * 1000),
        "event_to_all_p50_ms": round(waits[len(waits) // 2] * 1000),
        "received": len(waits),
        "refused": f"{one_more.head[9:12].decode()}, Retry-After {headers.get('retry-after')}",
    }


async def _open(url: str, request: bytes, n: int, received: dict[str, list[float]]) -> list[Listener]:
    """Returns when each has its first frame or is refused."""
    where, opened = urlsplit(url), asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    made = await asyncio.gather(
        *(loop.create_connection(lambda: Listener(request, opened, received), where.hostname, where.port) for _ in range(n))
    )
    async with asyncio.timeout(120):
        for _ in range(n):
            await opened.acquire()
    return [listener for _, listener in made]


def test_a_client_that_never_reads_is_cut_off_and_costs_nothing() -> None:
    """It says that it takes few bytes, and reads none, while large events flow to twenty that read."""
    with studio(**LIMITS) as running_studio, site(running_studio) as (url, pid):
        figures = asyncio.run(_one_that_does_not_read(running_studio, url, pid))
    print("\n" + json.dumps(figures))
    assert figures["received"] == READERS * LARGE_EVENTS, figures
    assert figures["grown_mib"] < 32, figures
    assert figures["cut_after_s"] < connections.RESPONSE_STALL_S + 30, figures


async def _one_that_does_not_read(running_studio: Studio, url: str, pid: int) -> dict[str, Any]:
    first_key, second_key = _key(running_studio), _key(running_studio)
    received, process, where = defaultdict[str, list[float]](list), psutil.Process(pid), urlsplit(url)
    readers = await _open(url, _request(url, first_key), READERS - 1, received)
    await asyncio.to_thread(_record, running_studio, ["warm"] * 200, "x" * LARGE_BYTES)
    silent = socket.socket()
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.to_thread(silent.connect, (where.hostname, where.port))
    silent.sendall(_request(url, first_key))
    silent.recv(10)  # the answer has begun; nothing more is read
    readers += await _open(url, _request(url, second_key), 1, received)
    before, began = process.memory_info().rss, time.monotonic()
    most = before
    for place in range(0, LARGE_EVENTS, 100):
        await asyncio.to_thread(_record, running_studio, [f"plan-{place + n}" for n in range(100)], "x" * LARGE_BYTES)
        most = max(most, process.memory_info().rss)
    spread_s = time.monotonic() - began
    local = silent.getsockname()[1]
    await asyncio.to_thread(until, lambda: not _is_open(process, local), connections.RESPONSE_STALL_S + 60, what="its end")
    cut_after_s = time.monotonic() - began
    async with asyncio.timeout(60):
        while sum(map(len, received.values())) - len(received["warm"]) < READERS * LARGE_EVENTS:
            await asyncio.sleep(0.1)
    silent.close()
    still_open = sum(not reader.ended for reader in readers)
    for reader in readers:
        reader.transport.abort()
    return {
        "readers": still_open,
        "received": sum(map(len, received.values())) - len(received["warm"]),
        "mib_sent_past_it": round(LARGE_EVENTS * LARGE_BYTES / 2**20),
        "spread_s": round(spread_s),
        "grown_mib": round((most - before) / 2**20, 1),
        "cut_after_s": round(cut_after_s),
    }


def _is_open(process: psutil.Process, port: int) -> bool:
    """Whether the studio still has its end of the connection from our `port`."""
    return any(connection.raddr and connection.raddr.port == port for connection in process.net_connections("tcp4"))


def _request(url: str, key: str) -> bytes:
    host = urlsplit(url).netloc
    head = f"GET /api/events?noun=plan HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\naccept-encoding: gzip\r\n\r\n"
    return head.encode()


def _key(running_studio: Studio) -> str:
    with running_studio.app.db.transaction(running_studio.tenant.caller, needs="owner") as tx:
        return access.create(tx, ApiKeyDraft(name="soak", scopes=("*:read",))).secret


def _record(running_studio: Studio, ids: list[str], note: str) -> None:
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id)) as tx:
        for plan_id in ids:
            events.record(tx, "plan.happened", "plan", plan_id, {"note": note})

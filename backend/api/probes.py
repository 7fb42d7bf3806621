"""/health, /ready and /metrics, beside the API: for probes that send no cookie."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import anyio.to_thread
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend import VERSION, health, monitoring
from backend.api.exposure import may_read_details
from backend.app import App
from backend.db.transactions import Anonymous
from backend.errors import StudioError
from backend.kit import clock, metrics

_PARTS = ("database", "redis", "storage", "workers")
_STARTED_AT = time.monotonic()
_ANSWER_WITHIN_S = 4.0
"""A server that hangs makes /health degraded, not silent: whoever restarts silent studios would restart all of them."""


draining = threading.Event()
"""Set when this process is told to stop: it goes on answering for a while, and load balancers send nobody new."""


def probe_routes(get_app: Callable[[], App]) -> list[Route]:
    def checks() -> list[health.Check]:
        """Of each part; empty when not even the App could be made."""
        try:
            return health.check(get_app(), engines=False)
        except StudioError:
            return []

    def part_states() -> dict[str, bool]:
        return _part_states(checks())

    def health_answer(request: Request) -> dict[str, Any]:
        part_checks = checks()
        parts = _part_states(part_checks)
        has_room, free_bytes = health.disk_room(get_app()) if part_checks else (True, 0)
        disk = "ok" if has_room else "full"
        answer: dict[str, Any] = {
            "status": "ok" if has_room and all(parts.values()) else "degraded",
            "version": VERSION,
            **{part: "connected" if ok else "disconnected" for part, ok in parts.items()},
            "disk": disk,
            "timestamp": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "uptime": round(time.monotonic() - _STARTED_AT),
            # The words of 0.6.0, until the next release.
            "deprecated": {**{part: "ok" if ok else "down" for part, ok in parts.items()}, "disk": disk},
        }
        if part_checks and may_read_details(request.scope, get_app().settings):
            answer["diskFreeBytes"] = free_bytes
            answer["details"] = [
                {"name": check.name, "ok": check.ok, "version": check.version, "detail": check.detail} for check in part_checks
            ]
        return answer

    async def healthy(request: Request) -> Response:
        """Always 200 while the process answers; the body has the state of each part, and for who may read them the details."""
        try:
            with anyio.fail_after(_ANSWER_WITHIN_S):
                answer = await anyio.to_thread.run_sync(health_answer, request, abandon_on_cancel=True)
        except TimeoutError:
            answer = {"status": "degraded", "version": VERSION, **dict.fromkeys(_PARTS, "disconnected")}
        return JSONResponse(answer)

    async def ready(request: Request) -> Response:
        """200 once people can sign in: Postgres and Redis answer. 503 as soon as the process is told to stop."""
        if draining.is_set():
            return JSONResponse({"ready": False}, 503)
        parts = await run_in_threadpool(part_states)
        ok = parts["database"] and parts["redis"]
        return JSONResponse({"ready": ok}, 200 if ok else 503)

    async def metrics_page(request: Request) -> Response:
        parts = await run_in_threadpool(part_states)
        installation = await run_in_threadpool(installation_metrics, get_app)
        return Response(metrics.exposition(parts, *installation), media_type=metrics.CONTENT_TYPE)

    return [Route("/health", healthy), Route("/ready", ready), Route("/metrics", metrics_page)]


def installation_metrics(get_app: Callable[[], App]) -> list[Collector]:
    """Of the newest sample; none while Postgres is away: alert rules look for `studio_sample_timestamp_seconds`."""
    try:
        with get_app().db.transaction(Anonymous()) as tx:
            sample = monitoring.latest(tx)
    except StudioError:
        return []
    return [monitoring.SampleCollector(sample)] if sample else []


def _part_states(checks: Sequence[health.Check]) -> dict[str, bool]:
    ok_by_part = {check.name.lower(): check.ok for check in checks}
    return {part: ok_by_part.get(part, False) for part in _PARTS}

"""/health, /ready and /metrics, beside the API: for probes that send no cookie."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend import health
from backend.app import App
from backend.errors import StudioError
from backend.kit import metrics

_PARTS = ("database", "redis", "storage", "workers")


def probe_routes(get_app: Callable[[], App]) -> list[Route]:
    def part_states() -> dict[str, bool]:
        try:
            checks = health.check(get_app(), engines=False)
        except StudioError:
            return dict.fromkeys(_PARTS, False)
        return {check.name.lower(): check.ok for check in checks if check.name.lower() in _PARTS}

    def disk_space() -> tuple[bool, int]:
        try:
            return health.disk_room(get_app())
        except StudioError:
            return True, 0

    async def healthy(request: Request) -> Response:
        """Always 200 while the process answers; the body has the state of each part."""
        parts = await run_in_threadpool(part_states)
        has_room, free_bytes = await run_in_threadpool(disk_space)
        statuses = {name: "ok" if ok else "down" for name, ok in parts.items()} | {"disk": "ok" if has_room else "full"}
        status = "ok" if has_room and all(parts.values()) else "degraded"
        return JSONResponse({"status": status, **statuses, "diskFreeBytes": free_bytes})

    async def ready(request: Request) -> Response:
        """200 once people can sign in: Postgres and Redis answer."""
        parts = await run_in_threadpool(part_states)
        ok = parts["database"] and parts["redis"]
        return JSONResponse({"ready": ok}, 200 if ok else 503)

    async def metrics_page(request: Request) -> Response:
        parts = await run_in_threadpool(part_states)
        return Response(metrics.exposition(parts), media_type=metrics.CONTENT_TYPE)

    return [Route("/health", healthy), Route("/ready", ready), Route("/metrics", metrics_page)]

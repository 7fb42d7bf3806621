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


def probes(get_app: Callable[[], App]) -> list[Route]:
    def state() -> dict[str, bool]:
        try:
            checks = health.check(get_app(), engines=False)
        except StudioError:
            return dict.fromkeys(_PARTS, False)
        return {check.name.lower(): check.ok for check in checks if check.name.lower() in _PARTS}

    def space() -> tuple[bool, int]:
        try:
            return health.disk_room(get_app())
        except StudioError:
            return True, 0

    async def healthy(request: Request) -> Response:
        """Always 200 while the process answers; the body says how its parts are."""
        parts = await run_in_threadpool(state)
        room, free = await run_in_threadpool(space)
        words = {name: "ok" if ok else "down" for name, ok in parts.items()} | {"disk": "ok" if room else "full"}
        status = "ok" if room and all(parts.values()) else "degraded"
        return JSONResponse({"status": status, **words, "diskFreeBytes": free})

    async def ready(request: Request) -> Response:
        """200 once people can sign in: Postgres and Redis answer."""
        parts = await run_in_threadpool(state)
        ok = parts["database"] and parts["redis"]
        return JSONResponse({"ready": ok}, 200 if ok else 503)

    async def figures(request: Request) -> Response:
        parts = await run_in_threadpool(state)
        return Response(metrics.exposition(parts), media_type=metrics.CONTENT_TYPE)

    return [Route("/health", healthy), Route("/ready", ready), Route("/metrics", figures)]

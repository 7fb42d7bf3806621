"""Prompts, queue, history, jobs and the server's own state over HTTP; every route also under /api (comfyui.md, 1)."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from tests.servers.comfyui import jobs, routes_files
from tests.servers.comfyui.checks import Checker, refusal
from tests.servers.comfyui.sockets import FEATURES

if TYPE_CHECKING:
    from tests.servers.comfyui.server import Core

Answer = Callable[[Request], Awaitable[Response]]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def application(core: Core, life: Any) -> Starlette:
    """`life`: what happens before the first and after the last request."""
    table: list[tuple[str, str, Answer]] = [
        ("POST", "/prompt", lambda request: _post_prompt(core, request)),
        ("GET", "/prompt", lambda request: _just({"exec_info": {"queue_remaining": core.line.remaining()}})),
        ("GET", "/queue", lambda request: _queue(core)),
        ("POST", "/queue", lambda request: _change_queue(core, request)),
        ("POST", "/interrupt", lambda request: _interrupt(core, request)),
        ("GET", "/history", lambda request: _just(core.line.history)),
        ("POST", "/history", lambda request: _change_history(core, request)),
        ("GET", "/history/{id}", lambda request: _history(core, request)),
        ("POST", "/free", lambda request: _free(core, request)),
        ("GET", "/features", lambda request: _just(FEATURES)),
        ("GET", "/embeddings", lambda request: _just([])),
        ("GET", "/object_info", lambda request: _just(core.catalogue.all())),
        ("GET", "/object_info/{name}", lambda request: _object_info(core, request)),
        ("GET", "/system_stats", lambda request: _just(core.system_stats())),
        *routes_files.table(core),
        *([] if core.old else jobs.table(core)),
    ]
    routes: list[BaseRoute] = [
        Route(prefix + path, _guarded(core, f"{method} {path}", answer), methods=[method])
        for prefix in ("", "/api")
        for method, path, answer in table
        if not (path.startswith("/jobs") and not prefix)
    ]
    sockets = [WebSocketRoute(path, core.sockets.serve) for path in ("/ws", "/api/ws")]
    return Starlette(routes=[*routes, *sockets], lifespan=life)


def _guarded(core: Core, name: str, answer: Answer) -> Answer:
    async def ask(request: Request) -> Response:
        core.asked.append(f"{request.method} {request.url.path}")
        if core.faults.answer_s:
            await asyncio.sleep(core.faults.answer_s)
        if _foreign(request):
            return Response(status_code=403)
        if core.faults.takes(core.faults.answer_500, name):
            return PlainTextResponse("500 Internal Server Error\n\nServer got itself in trouble", 500)
        try:
            response = await answer(request)
        except Exception:
            return PlainTextResponse("500 Internal Server Error\n\nServer got itself in trouble", 500)
        if core.faults.takes(core.faults.lose_answer, name):
            return PlainTextResponse("500 Internal Server Error\n\nServer got itself in trouble", 500)
        return response

    return ask


def _foreign(request: Request) -> bool:
    """Origin guard on loopback (comfyui.md, 1)."""
    origin, host = request.headers.get("origin"), request.headers.get("host")
    strange = origin is not None and origin.partition("://")[2] != host
    return strange or request.headers.get("sec-fetch-site") == "cross-site"


async def _just(value: Any) -> Response:
    return JSONResponse(value)


async def _post_prompt(core: Core, request: Request) -> Response:
    """comfyui.md, 2. What is not expected raises, and is answered 500: no JSON, a list, the editor's graph."""
    body = await request.json()
    if "number" in body:
        number = float(body["number"])
    else:
        number = core.count
        if body.get("front") if isinstance(body, dict) else False:
            number = -number
        core.count += 1  # also for prompts that are refused
    if "prompt" not in body:
        return _refused(refusal("no_prompt", "No prompt provided", "No prompt provided"))
    prompt, prompt_id = body["prompt"], str(body.get("prompt_id", uuid.uuid4()))
    if not core.old and not _UUID.fullmatch(prompt_id):
        return _refused(refusal("invalid_prompt_id", "prompt_id must be a valid UUID"))
    checker = Checker(core.catalogue, core.folders, old=core.old)
    error, ends, errors = checker.check(prompt)
    extra: dict[str, Any] = dict(**body["extra_data"]) if "extra_data" in body else {}
    if "client_id" in body:
        extra["client_id"] = body["client_id"]
    if error:
        return _refused(error, errors)
    for secret in ("auth_token_comfy_org", "api_key_comfy_org"):
        extra.pop(secret, None)
    if not core.old:
        extra["create_time"] = int(time.time() * 1000)
    core.line.put((number, prompt_id, prompt, extra, ends))
    return JSONResponse({"prompt_id": prompt_id, "number": number, "node_errors": errors})


def _refused(error: dict[str, Any], node_errors: dict[str, Any] | None = None) -> Response:
    return JSONResponse({"error": error, "node_errors": node_errors or {}}, 400)


async def _queue(core: Core) -> Response:
    return JSONResponse({"queue_running": core.line.running(), "queue_pending": core.line.waiting()})


async def _change_queue(core: Core, request: Request) -> Response:
    """200 and nothing else, also for ids that are unknown or run already."""
    body = await request.json()
    if body.get("clear"):
        core.line.clear()
    for prompt_id in body.get("delete", []):
        core.line.delete(prompt_id)
    return Response()


async def _interrupt(core: Core, request: Request) -> Response:
    """With an id: only if that runs. Without a body: whoever runs."""
    body = await request.body()
    prompt_id = (await request.json()).get("prompt_id") if body else None
    if prompt_id is None or any(item[1] == prompt_id for item in core.line.running()):
        core.worker.interrupt()
    return Response()


async def _history(core: Core, request: Request) -> Response:
    """{} for unknown, pending, running, deleted and lost ones alike."""
    entry = core.line.history.get(request.path_params["id"])
    return JSONResponse({request.path_params["id"]: entry} if entry else {})


async def _change_history(core: Core, request: Request) -> Response:
    body = await request.json()
    for prompt_id in list(core.line.history) if body.get("clear") else body.get("delete", []):
        core.line.history.pop(prompt_id, None)
    return Response()


async def _free(core: Core, request: Request) -> Response:
    """JSON body required, else 500."""
    body = await request.json()
    for name in ("unload_models", "free_memory"):
        if body.get(name):
            core.line.flag(name)
    return Response()


async def _object_info(core: Core, request: Request) -> Response:
    name = request.path_params["name"]
    info = core.catalogue.info(name)
    return JSONResponse({name: info} if info else {})

"""The jobs API of newer servers (comfyui.md, 3: list and detail from 0.6, cancel from 0.26; 0.3.64 answers 404)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from tests.servers.comfyui.server import Core

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def table(core: Core) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
    return [
        ("GET", "/jobs", lambda request: _list(core, request)),
        ("POST", "/jobs/cancel", lambda request: _cancel_many(core, request)),
        ("GET", "/jobs/{id}", lambda request: _one(core, request)),
        ("POST", "/jobs/{id}/cancel", lambda request: _cancel(core, request)),
    ]


def _all(core: Core) -> dict[str, dict[str, Any]]:
    jobs_by_id: dict[str, dict[str, Any]] = {}
    for prompt_id, entry in list(core.line.history.items()):
        jobs_by_id[prompt_id] = _finished(prompt_id, entry)
    for status, items in (("pending", core.line.waiting()), ("in_progress", core.line.running())):
        for number, prompt_id, prompt, extra, _ in items:
            jobs_by_id[prompt_id] = {
                "id": prompt_id,
                "status": status,
                "priority": number,
                "create_time": extra.get("create_time"),
                "outputs_count": 0,
                "workflow": {"prompt": prompt, "extra_data": extra},
            }
    return jobs_by_id


def _finished(prompt_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    status, messages = entry["status"], entry["status"]["messages"]
    word, error = "completed", None
    if status["status_str"] != "success":
        name, data = messages[-1]
        word = "cancelled" if name == "execution_interrupted" else "failed"
        error = data if word == "failed" else None
    return {
        "id": prompt_id,
        "status": word,
        "priority": entry["prompt"][0],
        "create_time": entry["prompt"][3].get("create_time"),
        "execution_error": error,
        "outputs_count": sum(len(value) for node in entry["outputs"].values() for value in node.values()),
        "outputs": entry["outputs"],
        "execution_status": status,
    }


async def _list(core: Core, request: Request) -> Response:
    statuses = [word for word in request.query_params.get("status", "").split(",") if word]
    brief = [
        {name: value for name, value in job.items() if name not in {"outputs", "execution_status", "workflow"}}
        for job in _all(core).values()
        if not statuses or job["status"] in statuses
    ]
    return JSONResponse({"jobs": brief, "pagination": {"total": len(brief)}})


async def _one(core: Core, request: Request) -> Response:
    job = _all(core).get(request.path_params["id"])
    return JSONResponse(job) if job else JSONResponse({"error": "Job not found"}, 404)


def _cancelled(core: Core, prompt_id: str) -> bool:
    if core.line.delete(prompt_id):
        return True
    if any(item[1] == prompt_id for item in core.line.running()):
        core.worker.interrupt()
        return True
    return False


async def _cancel(core: Core, request: Request) -> Response:
    return JSONResponse({"cancelled": _cancelled(core, request.path_params["id"])})


async def _cancel_many(core: Core, request: Request) -> Response:
    job_ids = (await request.json())["job_ids"]
    if not all(_UUID.fullmatch(job_id) for job_id in job_ids):
        return JSONResponse({"error": "job_ids must be UUIDs"}, 400)
    return JSONResponse({"cancelled": [job_id for job_id in job_ids if _cancelled(core, job_id)]})

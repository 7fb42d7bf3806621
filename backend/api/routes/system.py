"""The installation, for those who run it (OPERATOR_EMAILS), and what a workspace has of it, for its members."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response

from backend import VERSION, accounts, health
from backend.api.api_model import ApiModel, Worded
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.probes import installation_metrics
from backend.kit import metrics

router = APIRouter(prefix="/system", tags=["system"], dependencies=[needs_scope("workspace")])


class CheckResponse(ApiModel):
    """`detail`: a sentence; when not `ok` it says what to do."""

    name: str
    ok: bool
    version: str
    detail: Worded


class WorkerResponse(ApiModel):
    id: str
    host: str
    pid: int
    queues: list[str]
    version: str
    state: str
    alive: bool
    started_at: datetime
    seen_at: datetime


class DeviceResponse(ApiModel):
    """`state`: free, busy, down, partly down, disabled. `reason`: what does not answer, and why."""

    id: str
    state: str
    vram_mb: int
    engines: dict[str, str]
    reason: Worded


class SystemResponse(ApiModel):
    version: str
    checks: list[CheckResponse]
    workers: list[WorkerResponse]
    devices: list[DeviceResponse]


class WorkspaceSystemResponse(ApiModel):
    """`parts`: part -> whether it works. `jobs`: state -> how many. `sizeBytes`: of the files in storage."""

    parts: dict[str, bool]
    jobs: dict[str, int]
    files: int
    size_bytes: int


@router.get("")
def get_system(app: Studio, caller: Caller) -> SystemResponse:
    """Every server, engine, worker and device of the installation; for operators."""
    with app.db.transaction(caller) as tx:
        accounts.require_operator(tx, app.settings)
    return SystemResponse(
        version=VERSION,
        checks=[CheckResponse.model_validate(check) for check in health.check(app)],
        workers=[WorkerResponse.model_validate(worker) for worker in health.workers(app)],
        devices=[DeviceResponse.model_validate(device) for device in health.devices(app)],
    )


@router.get("/workspace")
def get_workspace_system(app: Studio, caller: Caller) -> WorkspaceSystemResponse:
    """What works, and what this workspace has under way and in storage."""
    figures = app.db.read_list(caller, health.workspace_figures)
    return WorkspaceSystemResponse(
        parts=health.part_states(health.check(app)), jobs=figures.jobs, files=figures.files, size_bytes=figures.size_bytes
    )


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
def get_system_metrics(app: Studio, caller: Caller) -> Response:
    """The figures of this process in Prometheus's text format; for operators. Prometheus reads `/metrics`."""
    with app.db.transaction(caller) as tx:
        accounts.require_operator(tx, app.settings)
    parts = {check.name.lower(): check.ok for check in health.check(app, engines=False) if check.name != "Disk"}
    installation = installation_metrics(lambda: app)
    return Response(metrics.exposition(parts, *installation), media_type=metrics.CONTENT_TYPE)

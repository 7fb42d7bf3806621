"""Backups of the installation, for those who run it (OPERATOR_EMAILS)."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from backend import backups
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope

router = APIRouter(prefix="/system/backups", tags=["system"], dependencies=[needs_scope("workspace")])


class BackupResponse(ApiModel):
    """`state`: requested, running, complete or failed. `sizeBytes`: what it added to the target."""

    id: str
    kind: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    seconds: float
    size_bytes: int
    objects: int
    object_bytes: int
    phase: str
    error: str


class DrillResponse(ApiModel):
    """`rpoS`: seconds of work that were lost; `rtoS`: seconds until the restored studio worked."""

    at: datetime
    rpo_s: float
    rto_s: float
    rows: int
    objects: int


class RestoreResponse(ApiModel):
    restored_at: datetime
    restored_to: datetime
    held: int
    unknown: int


class BackupsResponse(ApiModel):
    """`warnings`: not_running, overdue, log_behind, trouble, key_here, never_drilled. `method`: physical (every minute can be
    restored) or dump (single moments), for `reason`."""

    target: str
    alive: bool
    method: str
    reason: str
    log_minutes: int
    log_bytes: int
    trouble: str
    warnings: list[str]
    last: BackupResponse | None
    running: BackupResponse | None
    recent: list[BackupResponse]
    total_bytes: int
    drill: DrillResponse | None
    restore: RestoreResponse | None


@router.get("")
def get_backups(app: Studio, caller: Caller) -> BackupsResponse:
    """Whether the backups are well, the last ones, the last drill; for operators."""
    with app.db.transaction(caller) as tx:
        return BackupsResponse.model_validate(backups.overview(tx, app.settings))


@router.post("", status_code=202)
def request_backup(app: Studio, caller: Caller) -> BackupResponse:
    """Asks for a backup now; the one that is under way if there is one. For operators."""
    with app.db.transaction(caller) as tx:
        return BackupResponse.model_validate(backups.request_backup(tx, app.settings))

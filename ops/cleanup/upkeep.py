"""What upkeep would remove by its terms, counted or done now: workers do it every hour by themselves."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from backend import accounts, automations, jobs, renditions, trash, undo
from backend.app import App
from backend.db.transactions import SystemCaller
from backend.kit import clock
from ops.cleanup.orphans import workspace_ids


class _DryRun(Exception):
    """Rolls a transaction back."""


def expired_rows(app: App, *, delete: bool) -> dict[str, int]:
    """Name -> rows that are older than their term, in all workspaces; removed if `delete`. Otherwise the same statements run in
    a transaction that is rolled back."""
    totals: dict[str, int] = {}
    for workspace_id in workspace_ids(app):
        for name, n in _expired_in(app, workspace_id, delete=delete).items():
            totals[name] = totals.get(name, 0) + n
    return totals


def _expired_in(app: App, workspace_id: str, *, delete: bool) -> dict[str, int]:
    terms, counts = app.settings.retention, dict[str, int]()
    try:
        with app.db.transaction(SystemCaller(workspace_id)) as tx:
            counts = {
                "expired_trash": trash.purge_old(tx, days=terms.trash_days),
                "old_jobs": jobs.purge_old(tx, hours=terms.jobs_hours),
                "old_acts": undo.purge(tx, days=terms.undo_days),
                "unused_renditions": renditions.delete_unused(tx, days=terms.renditions_days),
                "old_runs": automations.purge_runs(tx, days=terms.undo_days),
                "old_sessions": accounts.purge_sessions(tx, hours=terms.sessions_hours),
            }
            if not delete:
                raise _DryRun
    except _DryRun:
        pass
    return counts


def old_log_files(folder: Path, *, days: int) -> list[Path]:
    """Logs of `make run` that were cut off more than `days` ago."""
    limit = clock.now().astimezone().date() - timedelta(days=days)
    return [path for path in sorted(folder.glob("*.log.*")) if date.fromtimestamp(path.stat().st_mtime) < limit]

"""Reads what ops/backup has reported."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import accounts
from backend.backups.phases import phase_of
from backend.backups.schemas import BackupCard, BackupOverview, DrillFigures, RestoreCard
from backend.db.tables import Backup, BackupStatus, PostingRule, Restore
from backend.settings import Settings

RECENT = 20
_SILENT_AFTER = timedelta(minutes=2)
_OVERDUE_AFTER = timedelta(hours=26)
_BEHIND_AFTER = timedelta(minutes=10)
_SAME_ACT = timedelta(minutes=5)
"""Between the pause and the note of the restore that made it, in one transaction."""
_UNFINISHED = ("requested", "running")


def overview(tx: Session, settings: Settings) -> BackupOverview:
    """Everything of the Backups page. Raises NotPermitted for who is no operator."""
    accounts.require_operator(tx, settings)
    status = tx.scalars(select(BackupStatus).limit(1)).first()
    now: datetime = tx.scalars(select(func.clock_timestamp())).one()
    newest = select(Backup).order_by(func.coalesce(Backup.finished_at, Backup.created_at).desc(), Backup.id.desc())
    cards = [card_of(row) for row in tx.scalars(newest.limit(RECENT))]
    last = next((card for card in cards if card.state == "complete"), None)
    drill = _drill_of(status)
    alive = status is not None and now - status.seen_at < _SILENT_AFTER
    total = tx.scalar(select(func.coalesce(func.sum(Backup.size_bytes), 0)).where(Backup.state == "complete")) or 0
    return BackupOverview(
        target=status.target if status else settings.backup.target,
        alive=alive,
        method=status.method if status else "",
        reason=status.reason if status else "",
        log_minutes=int((now - status.log_since).total_seconds() // 60) if status and status.log_since else 0,
        log_bytes=status.log_bytes if status else 0,
        trouble=status.trouble if status else "",
        warnings=_warnings(status, alive=alive, last=last, drill=drill, now=now) if settings.backup.target or status else (),
        last=last,
        running=next((card for card in cards if card.state in _UNFINISHED), None),
        recent=tuple(cards),
        total_bytes=int(total),
        drill=drill,
        restore=last_restore(tx),
    )


def _warnings(
    status: BackupStatus | None, *, alive: bool, last: BackupCard | None, drill: DrillFigures | None, now: datetime
) -> tuple[str, ...]:
    is_overdue = last is not None and last.finished_at is not None and now - last.finished_at > _OVERDUE_AFTER
    is_behind = status is not None and status.log_since is not None and now - status.log_since > _BEHIND_AFTER
    states = {
        "not_running": not alive,
        "overdue": is_overdue,
        "log_behind": is_behind,
        "trouble": bool(status and status.trouble),
        "key_here": bool(status and status.key_is_here),
        "never_drilled": drill is None,
    }
    return tuple(code for code, applies in states.items() if applies)


def last_restore(tx: Session) -> RestoreCard | None:
    """None: this studio was never restored."""
    row = tx.scalars(select(Restore).order_by(Restore.restored_at.desc()).limit(1)).first()
    if row is None:
        return None
    figures = row.figures
    return RestoreCard(row.restored_at, row.restored_to, int(figures.get("held", 0)), int(figures.get("unknown", 0)))


def restored_to(tx: Session) -> datetime | None:
    """The moment to which the studio was restored, while publishing in this workspace is paused because of it."""
    rule = tx.scalars(select(PostingRule).where(PostingRule.scope == "workspace", PostingRule.stopped_by.is_(None))).first()
    restore = last_restore(tx)
    if rule is None or rule.stopped_at is None or restore is None:
        return None
    return restore.restored_to if abs(restore.restored_at - rule.stopped_at) < _SAME_ACT else None


def card_of(row: Backup) -> BackupCard:
    return BackupCard(
        id=row.id,
        kind=row.kind,
        state=row.state,
        created_at=row.created_at,
        finished_at=row.finished_at,
        seconds=row.seconds,
        size_bytes=row.size_bytes,
        objects=row.objects,
        object_bytes=row.object_bytes,
        phase=phase_of(row.phase),
        error=row.error,
    )


def _drill_of(status: BackupStatus | None) -> DrillFigures | None:
    figures = status.drill if status else {}
    if not figures.get("at"):
        return None
    return DrillFigures(
        datetime.fromisoformat(figures["at"]), figures["rpo_s"], figures["rto_s"], figures["rows"], figures["objects"]
    )

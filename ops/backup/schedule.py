"""When which backup is due. Pure, so that jumps of the clock can be tried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from backend.errors import Invalid
from ops.backup.records import BackupRecord, Kind

_SLACK = timedelta(minutes=5)
"""A backup dated later than now by more than that was made while the clock was wrong; it does not count."""


def parse_time(text: str) -> time:
    """`02:00`. Raises Invalid."""
    try:
        return time.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid(f"BACKUP_AT is {text}; it is a time of day, as 02:00.") from error


def last_due(now: datetime, full_at: time) -> datetime:
    """The most recent moment at which a full backup was due, in the zone of `now`."""
    today = now.replace(hour=full_at.hour, minute=full_at.minute, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def due(
    records: Sequence[BackupRecord], *, now: datetime, full_at: time, every: timedelta, restored_at: datetime | None = None
) -> Kind | None:
    """Which physical backup to make now. A full one that was missed is made once. After a restore a full one begins anew,
    because the log goes on in another timeline."""
    past = [record for record in records if record.started_at <= now + _SLACK and record.kind != "dump"]
    if restored_at is not None:
        past = [record for record in past if record.started_at >= restored_at]
    fulls = [record for record in past if record.kind == "full"]
    if not fulls or max(record.started_at for record in fulls) < last_due(now, full_at):
        return "full"
    return "incremental" if max(record.started_at for record in past) + every <= now else None


def dump_due(records: Sequence[BackupRecord], *, now: datetime, every: timedelta) -> bool:
    past = [record.started_at for record in records if record.started_at <= now + _SLACK]
    return not past or max(past) + every <= now

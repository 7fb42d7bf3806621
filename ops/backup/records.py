"""What is at a target: records of backups, which of them belong together, and what is old enough to go. Rules without I/O
where it can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ValidationError

from backend.errors import NotFound
from ops.backup.targets import Target

Kind = Literal["full", "incremental", "dump"]
LOG_SLACK = timedelta(minutes=10)
"""How much later than it ended a segment of the log may have been archived."""


class PartRecord(BaseModel):
    """A part as it was written: encrypted bytes."""

    size: int
    sha256: str


class BackupRecord(BaseModel):
    """One backup. `parent`: the backup that an incremental one continues; "" for others.

    `finished_at`: the database is restored to this moment without the log. `first_segment`: the log that is needed begins
    there ("" for a dump). `objects` and `object_bytes`: in its manifest, of which `new_bytes` were copied for it.
    `revision`: of the database's schema; `postgres`: the major version.
    """

    id: str
    cluster: str
    kind: Kind
    parent: str = ""
    started_at: datetime
    finished_at: datetime
    timeline: int = 0
    first_segment: str = ""
    parts: dict[str, PartRecord]
    objects: int = 0
    object_bytes: int = 0
    new_bytes: int = 0
    revision: str = ""
    postgres: int = 0
    version: str = ""
    seconds: float = 0.0

    @property
    def size(self) -> int:
        """Bytes that this backup added to the target."""
        return sum(part.size for part in self.parts.values()) + self.new_bytes

    @property
    def folder(self) -> str:
        return f"{self.cluster}/backups/{self.id}"


class LogName(BaseModel, frozen=True):
    """A file of the log at the target. `archived_at`: when Postgres handed it over."""

    segment: str
    archived_at: datetime
    name: str

    @property
    def is_history(self) -> bool:
        return self.segment.endswith(".history")


def log_name(cluster: str, segment: str, archived_at: datetime) -> str:
    return f"{cluster}/wal/{segment}.{archived_at:%Y%m%dT%H%M%SZ}.zst.age"


def parse_log_name(name: str) -> LogName | None:
    """None for a name of another form."""
    parts = name.rsplit("/", 1)[-1].removesuffix(".zst.age").rsplit(".", 1)
    try:
        at = datetime.strptime(f"{parts[1]}+0000", "%Y%m%dT%H%M%SZ%z")
    except (IndexError, ValueError):
        return None
    return LogName(segment=parts[0], archived_at=at, name=name)


def clusters(target: Target) -> list[str]:
    """Installations that have backups at the target."""
    return sorted({name.split("/", 1)[0] for name in target.list("") if name.endswith("/record.json")})


def read_records(target: Target, cluster: str) -> list[BackupRecord]:
    """Complete backups, oldest first. A record that cannot be read counts as none."""
    records = []
    for name in target.list(f"{cluster}/backups/"):
        if name.endswith("/record.json"):
            try:
                records.append(BackupRecord.model_validate_json(b"".join(target.read(name))))
            except (ValidationError, NotFound):
                continue
    return sorted(records, key=lambda record: (record.finished_at, record.id))


def chain_of(record: BackupRecord, records: Iterable[BackupRecord]) -> list[BackupRecord]:
    """The full backup and the incremental ones up to `record`; [] when one of them is missing."""
    by_id = {candidate.id: candidate for candidate in records}
    chain = [record]
    while chain[0].parent:
        parent = by_id.get(chain[0].parent)
        if parent is None or parent in chain:
            return []
        chain.insert(0, parent)
    return chain


def candidates(records: Sequence[BackupRecord], at: datetime | None) -> list[BackupRecord]:
    """Backups from which the moment can be reached, best first: the newest that was finished by then. A dump is its own
    moment."""
    usable = [record for record in records if (at is None or record.finished_at <= at) and chain_of(record, records)]
    return sorted(usable, key=lambda record: (record.finished_at, record.id), reverse=True)


def expired(records: Sequence[BackupRecord], *, now: datetime, keep: timedelta) -> list[BackupRecord]:
    """Backups without which every moment of the last `keep` can still be restored: chains that ended before the newest full
    backup (or dump) that is older than that. The newest chain always stays."""
    starts = [record for record in records if record.kind != "incremental"]
    old_starts = [record for record in starts if record.finished_at <= now - keep]
    if not old_starts:
        return []
    needed = max(old_starts, key=lambda record: (record.finished_at, record.id))
    kept_ids: set[str] = set()
    for record in records:
        chain = chain_of(record, records)
        if chain and (chain[0].finished_at, chain[0].id) >= (needed.finished_at, needed.id):
            kept_ids |= {member.id for member in chain}
    return [record for record in records if record.id not in kept_ids]


def segments_needed(names: Iterable[LogName], first_segment: str, until: datetime | None) -> list[LogName]:
    """Of the log, what is needed from `first_segment` on, in order: up to the first that was archived `LOG_SLACK` after
    `until` (None: all), of each timeline, and the histories of timelines.

    By number, not by time: the clock may have been set back.
    """
    needed: list[LogName] = []
    histories: list[LogName] = []
    over: set[str] = set()
    for entry in sorted(names, key=lambda entry: (entry.segment, entry.archived_at)):
        if entry.is_history:
            histories.append(entry)
        elif entry.segment[8:24] >= first_segment[8:24] and len(entry.segment) == 24 and entry.segment[:8] not in over:
            needed.append(entry)
            if until is not None and entry.archived_at > until + LOG_SLACK:
                over.add(entry.segment[:8])
    return histories + needed

"""What to restore from: the installation, the backup and the moment. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from backend.errors import Conflict, Invalid, NotFound
from backend.settings import ROOT, Settings
from ops.backup import records
from ops.backup.encryption import SecretKey
from ops.backup.local_state import KEY_FILE
from ops.backup.records import BackupRecord, Kind
from ops.backup.targets import Target


@dataclass(frozen=True, slots=True)
class RestoreChoice:
    """`chain`: the full backup and the incremental ones after it. `at` None: as far as the log goes. `timeline`: of the log to
    follow."""

    chain: tuple[BackupRecord, ...]
    at: datetime | None
    timeline: int

    @property
    def last(self) -> BackupRecord:
        return self.chain[-1]


def parse_moment(text: str, *, now: datetime) -> datetime | None:
    """`2026-11-22 10:15`, by this machine's clock unless it names a zone; "" is the newest. Raises Invalid."""
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid(f"AT is “{text}”; write it as 2026-11-22 10:15, or with a zone: 2026-11-22T10:15Z.") from error
    at = at.astimezone(UTC)
    if at > now:
        raise Invalid(f"{text} is in the future. Leave AT out to restore the newest state.")
    return at


def choose(
    target: Target,
    *,
    at: datetime | None,
    cluster: str = "",
    backup_id: str = "",
    postgres_major: int,
    kind: Kind | None = None,
) -> RestoreChoice:
    """`kind` None: any. Raises NotFound when there is nothing to restore from, Conflict when it must be said which
    installation, Invalid for a backup of a newer studio or another Postgres."""
    cluster = cluster or _only_cluster(target)
    all_records = records.read_records(target, cluster)
    usable = records.candidates(all_records, at)
    if kind:
        usable = [record for record in usable if record.kind == kind]
    if backup_id:
        usable = [record for record in usable if record.id == backup_id]
    if not usable:
        raise NotFound(_nothing_for(all_records, at, backup_id))
    record = usable[0]
    if record.revision and record.revision not in known_revisions():
        raise Invalid(f"Backup {record.id} was made by a newer studio ({record.version}). Update this one first, then restore.")
    if record.kind != "dump" and record.postgres != postgres_major:
        raise Invalid(
            f"Backup {record.id} is of Postgres {record.postgres}, and the Postgres here is {postgres_major}. Install the "
            "release of the studio that made it, restore there, and upgrade after that."
        )
    chain = tuple(records.chain_of(record, all_records))
    return RestoreChoice(chain, at, _timeline(target, record, at))


def others(target: Target, choice: RestoreChoice) -> list[BackupRecord]:
    """Backups from which the same moment can be reached when the chosen chain is damaged, best first."""
    bad = {record.id for record in choice.chain}
    usable = records.candidates(records.read_records(target, choice.last.cluster), choice.at)
    all_records = {record.id: record for record in usable}
    return [record for record in usable if not bad & {part.id for part in records.chain_of(record, all_records.values())}]


def known_revisions() -> frozenset[str]:
    """Of the database's schema, up to this studio's own."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "backend" / "db" / "migrations"))
    return frozenset(script.revision for script in ScriptDirectory.from_config(config).walk_revisions())


def read_key(settings: Settings) -> SecretKey:
    """From BACKUP_KEY_FILE, else from where the first backup put it. Raises Invalid."""
    key_path = settings.backup.key_file.strip()
    path = Path(key_path).expanduser() if key_path else settings.data_dir / KEY_FILE
    try:
        return SecretKey(path.read_text("utf-8"))
    except OSError as error:
        raise Invalid(
            f"There is no backup key at {path}. Put the key file that you kept somewhere on this machine and name it: "
            "KEY=/path/to/backup-key.txt (it is only read)."
        ) from error


def _only_cluster(target: Target) -> str:
    found_clusters = records.clusters(target)
    if not found_clusters:
        raise NotFound(f"There is no backup at {target.label}.")
    if len(found_clusters) > 1:
        lines = [f"  FROM={name}   last backup {_last(target, name)}" for name in found_clusters]
        raise Conflict("\n".join([f"{target.label} holds backups of several studios. Say which one:", *lines]))
    return found_clusters[0]


def _last(target: Target, cluster: str) -> str:
    return f"{records.read_records(target, cluster)[-1].finished_at:%Y-%m-%d %H:%M} UTC"


def _nothing_for(all_records: Iterable[BackupRecord], at: datetime | None, backup_id: str) -> str:
    first = min((record.finished_at for record in all_records), default=None)
    if first is None:
        return "There is no complete backup at the target."
    if backup_id:
        return f"There is no usable backup {backup_id} for that moment. `python -m ops.backup list` shows all of them."
    return f"Nothing reaches back to {at:%Y-%m-%d %H:%M} UTC; the first backup was complete at {first:%Y-%m-%d %H:%M} UTC."


def _timeline(target: Target, record: BackupRecord, at: datetime | None) -> int:
    """After a restore the log went on in a timeline of its own: of the restores after this backup, the last that had happened
    by then."""
    timeline = record.timeline
    for name in target.list(f"{record.cluster}/restores/"):
        moment, _, number = name.rsplit("/", 1)[-1].partition("-")
        happened_at = datetime.strptime(f"{moment}+0000", "%Y%m%dT%H%M%SZ%z")
        if record.finished_at < happened_at and (at is None or happened_at <= at):
            timeline = int(number)
    return timeline

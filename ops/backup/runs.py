"""One backup from begin to end, and the small copies between backups. What is incomplete at the target counts for nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from backend import VERSION
from backend.errors import Unavailable
from backend.settings import ROOT, Settings
from backend.storage import Storage
from ops.backup import archives, audit_archive, log_shipment, records, safety_copy, source
from ops.backup.encryption import AgeRecipient, WrittenPart
from ops.backup.local_state import LocalState, recipient_of
from ops.backup.objects import CopiedObjects, ObjectCopier, check_written, put_verified
from ops.backup.records import BackupRecord, Kind, PartRecord
from ops.backup.source import BackupProgramFailed, Connection, DatabaseFacts, DatabaseSource
from ops.backup.targets import Target, ensure_marked, open_target

_LOG_WAIT_S = 120.0
SECRETS_PART = "secrets.age"
Report = Callable[[str], None]


@dataclass
class Backups:
    """What backups of one studio need. `report(line)` says what is being done. `new_key`: the secret key that was just made,
    or ""."""

    settings: Settings
    database: DatabaseSource
    facts: DatabaseFacts
    target: Target
    recipient: AgeRecipient
    state: LocalState
    storage: Storage
    new_key: str = ""
    report: Report = lambda line: None
    _copier: ObjectCopier = field(init=False)

    def __post_init__(self) -> None:
        self._copier = ObjectCopier(self.storage, self.target, self.recipient, self.state, self.facts.cluster)

    def records(self) -> list[BackupRecord]:
        return records.read_records(self.target, self.facts.cluster)

    def make(self, kind: Kind | None = None) -> BackupRecord:
        """`kind` None: incremental where that is possible, else full (a dump where only dumps are possible).

        Raises StudioError; the backups that were there before stay as they are.
        """
        started, begun_at = time.monotonic(), datetime.now(UTC)
        chosen: Kind = "dump" if self.facts.method == "dump" else kind or self._possible_kind()
        with self._staging() as staging, self.database.connect() as connection:
            with ThreadPoolExecutor(1, "objects") as pool:
                first_objects = pool.submit(self._copy_new_objects)
                record = self._copy_database(chosen, begun_at, staging, connection)
                new_bytes = first_objects.result().new_bytes
            # Again, now that the database is copied: its rows may name files that came meanwhile
            self._copy_objects(record, new_bytes)
            self._copy_installation(record, staging)
        record.seconds = round(time.monotonic() - started, 1)
        self._write(f"{record.folder}/record.json", record.model_dump_json(indent=1).encode())
        self.clean_up()
        return record

    def ship_log(self) -> int:
        """Bytes that were added to the log at the target."""
        folder = self.database.log_folder
        return log_shipment.ship(folder, self.target, self.recipient, self.facts.cluster) if folder else 0

    def copy_objects(self) -> CopiedObjects:
        return self._copier.copy_new(now=lambda: datetime.now(UTC))

    def copy_safety(self, last_fingerprint: str = "") -> str:
        """Renews the safety copy when it differs from the one with that fingerprint, or every ten minutes; returns its own."""
        with self.database.connect() as connection:
            if not source.has_accounts(connection):
                return last_fingerprint
            copy = safety_copy.take(connection, days=self.settings.backup.keep_days)
        fingerprint = f"{copy.fingerprint()} {copy.taken_at:%Y%m%d%H}{copy.taken_at.minute // 10}"
        if fingerprint != last_fingerprint:
            safety_copy.write(copy, self.target, self.recipient, self.facts.cluster)
        return fingerprint

    def clean_up(self) -> int:
        """Removes what no moment of the last BACKUP_KEEP_DAYS needs; returns how many names."""
        kept_records = self.records()
        keep = timedelta(days=self.settings.backup.keep_days)
        old = records.expired(kept_records, now=datetime.now(UTC), keep=keep)
        if not old:
            return 0
        names = [name for record in old for name in (f"{record.folder}/record.json", *self.target.list(f"{record.folder}/"))]
        gone = {record.id for record in old}
        left = [record for record in kept_records if record.id not in gone]
        names += self._unneeded_log(left)
        self.target.delete(names)
        for record in old:
            self.state.manifest(record.id).unlink(missing_ok=True)
        return len(names)

    def _unneeded_log(self, left: list[BackupRecord]) -> list[str]:
        cluster = self.facts.cluster
        first = min((record.first_segment[8:] for record in left if record.first_segment), default="")
        oldest = min((record.started_at for record in left), default=datetime.now(UTC))
        old_logs = [
            name for name in self.target.list(f"{cluster}/object-logs/") if name.rsplit("/", 1)[-1] < f"{oldest:%Y%m%dT%H%M%S}"
        ]
        entries = [records.parse_log_name(name) for name in self.target.list(f"{cluster}/wal/")]
        return old_logs + [entry.name for entry in entries if entry and not entry.is_history and entry.segment[8:24] < first]

    def _possible_kind(self) -> Kind:
        return "incremental" if self._parent() else "full"

    def _parent(self) -> BackupRecord | None:
        """The newest backup, if its manifest is still here; none from before a restore, whose log went another way."""
        since = self.state.read_time("restored_at") or datetime.min.replace(tzinfo=UTC)
        usable = [
            record
            for record in self.records()
            if record.kind != "dump" and record.started_at >= since and self.state.manifest(record.id).exists()
        ]
        return usable[-1] if usable else None

    def _begin(self, kind: Kind, begun_at: datetime, connection: Connection) -> BackupRecord:
        parent = self._parent() if kind == "incremental" else None
        return BackupRecord(
            id=f"{begun_at:%Y%m%dT%H%M%SZ}-{kind if parent or kind != 'incremental' else 'full'}",
            cluster=self.facts.cluster,
            kind=kind if parent or kind != "incremental" else "full",
            parent=parent.id if parent else "",
            started_at=begun_at,
            finished_at=begun_at,
            parts={},
            revision=source.revision(connection),
            postgres=self.facts.major,
            version=VERSION,
        )

    def _copy_database(self, chosen: Kind, begun_at: datetime, staging: Path, connection: Connection) -> BackupRecord:
        """A full one where the server refuses an incremental one."""
        while True:
            record = self._begin(chosen, begun_at, connection)
            try:
                self._copy_database_as(record, staging, connection)
                return record
            except BackupProgramFailed as error:
                if chosen != "incremental":
                    raise
                self.report(f"An incremental backup is not possible ({error.message.splitlines()[-1]}); making a full one.")
                chosen = "full"
                shutil.rmtree(staging / "database", ignore_errors=True)

    def _copy_database_as(self, record: BackupRecord, staging: Path, connection: Connection) -> None:
        if record.kind == "dump":
            self.report("Dumping the database")
            path = staging / "database.dump"
            source.dump(self.database, path)
            with path.open("rb") as file, self.target.writing(f"{record.folder}/database.dump.age") as to:
                part = self.recipient.encrypt_stream(file, to)
            self._add(record, "database.dump.age", part)
            record.finished_at = record.started_at
            return
        self.report(f"Copying the database ({record.kind})")
        source.require_archiving(connection)
        folder = staging / "database"
        previous = self.state.manifest(record.parent) if record.parent else None
        source.base_backup(self.database, folder, previous_manifest=previous)
        record.timeline, record.first_segment, last_segment = source.log_range(folder)
        record.finished_at = source.server_time(connection)
        name = "database.tar.zst.age"
        with archives.packed(folder) as packed, self.target.writing(f"{record.folder}/{name}") as to:
            part = self.recipient.encrypt_stream(packed, to)
        self._add(record, name, part)
        self._ship_log_to(last_segment)
        source.copy_manifest(folder, self.state.manifest(record.id))

    def _ship_log_to(self, segment: str) -> None:
        """A base backup is good for nothing without the log that was written while it was made."""
        until = time.monotonic() + _LOG_WAIT_S
        prefix = f"{self.facts.cluster}/wal/{segment}."
        while True:
            self.ship_log()
            if any(name.startswith(prefix) for name in self.target.list(f"{self.facts.cluster}/wal/")):
                return
            if time.monotonic() > until:
                raise Unavailable(
                    "Postgres has not archived its log within two minutes, so this backup could not be completed. "
                    "Its log (postgres.log) says why."
                )
            time.sleep(0.2)

    def _copy_new_objects(self) -> CopiedObjects:
        """Says how far it is, every 2,000 files."""
        progress = 0

        def show(count: int) -> None:
            nonlocal progress
            if count - progress >= 2000:
                progress = count
                self.report(f"{count} files copied")

        return self._copier.copy_new(now=lambda: datetime.now(UTC), progress=show)

    def _copy_objects(self, record: BackupRecord, new_bytes: int) -> None:
        """`new_bytes`: of those that were copied beside the database."""
        self.report("Copying new files of the storage")
        copied = self._copy_new_objects()
        part, record.objects, record.object_bytes = self._copier.write_manifest(f"{record.folder}/objects.zst.age")
        record.new_bytes = new_bytes + copied.new_bytes
        self._add(record, "objects.zst.age", part)

    def copy_secrets(self) -> None:
        """The passwords and keys of now, when they have changed: the data of a later minute is opened with these, not with
        those of the last backup."""
        path = self.settings.data_dir / "secrets.json"
        if not path.is_file():
            return
        data = path.read_bytes()
        fingerprint = hashlib.sha256(data).hexdigest()
        if fingerprint != self.state.read("secrets"):
            put_verified(self.target, f"{self.facts.cluster}/{SECRETS_PART}", self.recipient.encrypt(data))
            self.state.note(secrets=fingerprint)

    def _copy_installation(self, record: BackupRecord, staging: Path) -> None:
        """Settings, passwords, key ring, the audit log's archive and n8n exports: apart from the data, because it opens the
        data."""
        self.copy_secrets()
        folder = staging / "installation"
        folder.mkdir()
        for path in (self.settings.data_dir / "secrets.json", ROOT / ".env"):
            if path.is_file():
                shutil.copyfile(path, folder / path.name.lstrip("."))
        values = {name: _revealed(value) for name, value in self.settings.by_variable()}
        (folder / "settings.json").write_text(json.dumps(values, default=str, indent=1), "utf-8")
        n8n = Path(self.settings.backup.n8n_folder).expanduser()
        if self.settings.backup.n8n_folder and n8n.is_dir():
            shutil.copytree(n8n, folder / "n8n")
        audit_archive.copy(self.settings.data_dir, folder)
        with archives.packed(folder) as packed, self.target.writing(f"{record.folder}/installation.age") as to:
            part = self.recipient.encrypt_stream(packed, to)
        self._add(record, "installation.age", part)

    def _add(self, record: BackupRecord, name: str, part: WrittenPart) -> None:
        """The part is read again, whatever the target is: it is what everything else depends on."""
        check_written(self.target, f"{record.folder}/{name}", part, always=True)
        record.parts[name] = PartRecord(size=part.size, sha256=part.sha256)

    def _write(self, name: str, data: bytes) -> None:
        put_verified(self.target, name, data)

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """A folder for the copy before it is encrypted; what a killed run left is removed first."""
        base = self.state.folder / "staging"
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(mode=0o700)
        try:
            yield base
        finally:
            shutil.rmtree(base, ignore_errors=True)


def open_backups(settings: Settings, env: Mapping[str, str], report: Report = lambda line: None) -> Backups:
    """Reads the settings and asks the database; makes the key and marks the target the first time. Raises StudioError."""
    target = open_target(settings)
    state = LocalState.of(settings.data_dir)
    database = source.source_of(settings, env)
    with database.connect() as connection:
        facts = source.facts(connection, database)
    _remember_target(target, state)
    recipient, secret = recipient_of(state, settings.backup.recipient)
    return Backups(settings, database, facts, target, recipient, state, Storage(settings), secret, report)


def _remember_target(target: Target, state: LocalState) -> None:
    is_new = state.read("target") != target.label
    target_id = ensure_marked(target, new=is_new)
    if state.read("target_id") != target_id:
        state.forget_target()
        state.note(target=target.label, target_id=target_id)


def _revealed(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value

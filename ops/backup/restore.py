"""Restores a stopped studio: everything is fetched and verified beside it first, then put in its place.

A restore that is killed before that leaves the studio as it was; one that is killed later leaves `restore.json` in the data
folder, with which the studio does not start and the next restore begins again.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backend.db.migrations import migrate
from backend.errors import Conflict, NotFound, StudioError, Unavailable
from backend.kit import disk
from backend.settings import Settings
from ops.backup import after_restore, archives, audit_archive, choice, records, safety_copy, source
from ops.backup.after_restore import RestoredFacts
from ops.backup.choice import RestoreChoice
from ops.backup.dump_restore import restore_dump
from ops.backup.embedded_dump import restore_embedded_dump
from ops.backup.encryption import DamagedPart, SecretKey
from ops.backup.local_state import LocalState
from ops.backup.object_restore import RestoredObjects, restore_objects
from ops.backup.parts import fetch_part
from ops.backup.records import BackupRecord
from ops.backup.recovery import recovered
from ops.backup.runs import SECRETS_PART
from ops.backup.source import BackupProgramFailed
from ops.backup.targets import Target, open_target
from ops.local_stack import binaries, postgres, stack
from ops.local_stack import state as states
from ops.local_stack.state import RESTORE_FILE, State


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """`at`: as people write it; "" is the newest. `cluster`, `backup_id`: "" for what fits best."""

    at: str = ""
    cluster: str = ""
    backup_id: str = ""


@dataclass
class RestoreOutcome:
    """`moment`: to which the database was restored; `wanted`: the one that was asked for, if the log did not reach it.
    `aside`: where the studio of before lies. `facts`: what was done so that nothing goes out twice."""

    backup: str
    moment: datetime
    wanted: datetime | None
    objects: RestoredObjects
    facts: RestoredFacts
    aside: list[str]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self), default=str))  # type: ignore[no-any-return]


class BackupDamaged(StudioError):
    """Verification found it. The sentence offers what else there is."""

    code = "backup_damaged"


@dataclass
class Restore:
    """One restore of an embedded studio into the data folder that `state` has locked."""

    settings: Settings
    env: Mapping[str, str]
    state: State
    target: Target
    key: SecretKey
    picked: RestoreChoice
    report: Callable[[str], None]
    staging: Path = field(init=False)

    def run(self) -> RestoreOutcome:
        started, begun_at = time.monotonic(), datetime.now(UTC)
        self.staging = self._make_staging()
        try:
            self._fetch()
            journal = self._begin_swap(begun_at)
            self._take_secrets()
            audit_archive.put_back(self.staging / "installation", self.settings.data_dir)
            home = postgres.find_location(self.state, self.env, durable=True)
            self._swap_in(home, journal)
            reached, facts = self._recover(home)
            restored_objects = self._restore_objects()
        finally:
            shutil.rmtree(self.staging, ignore_errors=True)
        self._note(begun_at, reached, facts)
        unreached = self.picked.at if self.picked.at and reached < self.picked.at else None
        aside = [str(path) for path in journal["aside"]]
        return RestoreOutcome(
            self.picked.last.id, reached, unreached, restored_objects, facts, aside, round(time.monotonic() - started, 1)
        )

    def _make_staging(self) -> Path:
        """Beside the cluster, so that it can be moved into its place. What a killed restore left is removed."""
        home = postgres.find_location(self.state, self.env, durable=True)
        folder = home.data.parent / "restore"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        needed = sum(part.size for record in self.picked.chain for part in record.parts.values()) * 4
        free = disk.free(folder)[0]
        if free < needed:
            raise Unavailable(
                f"The restore needs about {needed / 1e9:.1f} GB here, and {free / 1e9:.1f} GB are free. Make room, then try "
                "again."
            )
        return folder

    def _fetch(self) -> None:
        """The backup and its log, verified. Raises BackupDamaged; nothing of the studio was touched then."""
        try:
            parts = []
            for record in self.picked.chain:
                self.report(f"Fetching backup {record.id}")
                parts.append(self._fetch_database(record))
            self._unpack(self.picked.last, "installation.age", self.staging / "installation")
            whole = self.staging / "whole"
            if len(parts) > 1:
                source.combine(self._programs, parts, whole)
                source.verify(self._programs, whole)
            else:
                parts[0].rename(whole)
            self.report("Fetching the log")
            self._fetch_log()
        except (DamagedPart, BackupProgramFailed) as error:
            raise BackupDamaged(self._damaged_sentence(error)) from error

    def _fetch_database(self, record: BackupRecord) -> Path:
        folder = self.staging / record.id
        self._unpack(record, "database.tar.zst.age", folder)
        source.verify(self._programs, folder)
        return folder

    def _unpack(self, record: BackupRecord, name: str, folder: Path) -> None:
        fetch_part(self.target, self.key, record, name, lambda plain: archives.unpack(plain, folder))

    def _fetch_log(self, *, everything: bool = False) -> None:
        folder = self.staging / "log"
        folder.mkdir(exist_ok=True)
        cluster = self.picked.last.cluster
        entries = [entry for name in self.target.list(f"{cluster}/wal/") if (entry := records.parse_log_name(name))]
        until = None if everything else self.picked.at
        for entry in records.segments_needed(entries, self.picked.chain[-1].first_segment, until):
            path = folder / entry.segment
            if not path.exists():
                path.write_bytes(archives.decompress(self.key.decrypt(b"".join(self.target.read(entry.name)))))

    def _damaged_sentence(self, error: StudioError) -> str:
        alternatives = choice.others(self.target, self.picked)
        sentence = f"Backup {self.picked.last.id} is damaged and was not restored: {error.message}"
        if not alternatives:
            return f"{sentence} There is no older one that reaches that moment."
        older = alternatives[0]
        at = f' AT="{self.picked.at:%Y-%m-%dT%H:%M:%SZ}"' if self.picked.at else ""
        return (
            f"{sentence}\nAn older one reaches the same moment with more of the log ({older.finished_at:%Y-%m-%d %H:%M} UTC): "
            f"make restore{at} BACKUP={older.id}"
        )

    def _begin_swap(self, begun_at: datetime) -> dict[str, Any]:
        """From here on the studio does not start before a restore has come to its end."""
        path = self.state.folder / RESTORE_FILE
        journal = states.read_json(path) or {"begun_at": begun_at.isoformat(), "aside": []}
        journal["backup"] = self.picked.last.id
        _write_json(path, journal)
        return journal

    def _take_secrets(self) -> None:
        """The newest passwords and keys, which open what was encrypted at any moment before: those here when they were made
        after the target's, else the target's, else those of the backup."""
        try:
            name = f"{self.picked.last.cluster}/{SECRETS_PART}"
            stored = json.loads(self.key.decrypt(b"".join(self.target.read(name))))
        except (NotFound, DamagedPart):
            path = self.staging / "installation" / "secrets.json"
            if not path.exists():
                return
            stored = json.loads(path.read_text("utf-8"))
        if not states.succeed(self.state.kept, stored):
            self.state.take_over(stored)

    def _swap_in(self, home: postgres.ClusterLocation, journal: dict[str, Any]) -> None:
        """What is there goes aside the first time; what an earlier restore left half done is removed."""
        stamp = datetime.fromisoformat(journal["begun_at"]).strftime("%Y%m%dT%H%M%S")
        for path in (home.data, self.state.folder / "s3", self.state.folder / "valkey"):
            self._set_aside(path, stamp, journal)
        shutil.rmtree(postgres.log_folder(home.data), ignore_errors=True)
        for name in ("postmaster.pid", "backup_manifest"):
            (self.staging / "whole" / name).unlink(missing_ok=True)
        (self.staging / "whole" / "recovery.signal").touch()
        (self.staging / "whole" / "pg_wal").mkdir(exist_ok=True)
        home.data.parent.mkdir(parents=True, exist_ok=True)
        for root in (self.staging / "whole", self.staging / "log"):
            _give_to(root, home.user)
        self.staging.chmod(0o755)
        (self.staging / "whole").rename(home.data)

    def _set_aside(self, path: Path, stamp: str, journal: dict[str, Any]) -> None:
        if not path.exists():
            return
        aside = path.with_name(f"{path.name}.before-restore-{stamp}")
        if aside.exists():
            shutil.rmtree(path)
            return
        if str(aside) not in journal["aside"]:
            journal["aside"].append(str(aside))
            _write_json(self.state.folder / RESTORE_FILE, journal)
        path.rename(aside)

    def _recover(self, home: postgres.ClusterLocation) -> tuple[datetime, RestoredFacts]:
        """Replays the log up to the moment, brings the schema up to date, and makes sure that nothing goes out twice."""

        def fetch_all() -> None:
            self.report("The log ends before that moment; restoring to its end")
            self._fetch_log(everything=True)
            _give_to(self.staging / "log", home.user)

        self.report("Replaying the log")
        log_folder, timeline, at = self.staging / "log", self.picked.timeline, self.picked.at
        names = ("STUDIO_APP_PASSWORD", "STUDIO_WORKER_PASSWORD")
        app_password, worker_password = (self.env.get(name) or self.state.secret(name) for name in names)
        with recovered(self.state, home, log_folder=log_folder, timeline=timeline, at=at, fetch_all=fetch_all) as database:
            migrate(database.owner_url, app_password=app_password, worker_password=worker_password)
            copy = safety_copy.read(self.target, self.key, self.picked.last.cluster)
            end_of_log = database.reached or self.picked.last.finished_at
            reached = end_of_log if at is None or database.ended_early else at
            facts = after_restore.make_safe(database.connection, copy, moment=reached)
        self._keep_history(home, database.timeline)
        return reached, facts

    def _keep_history(self, home: postgres.ClusterLocation, timeline: int) -> None:
        """The new timeline's history belongs to the log; with archive_mode off Postgres hands it to nobody."""
        folder = postgres.log_folder(home.data)
        folder.mkdir(mode=0o700, exist_ok=True)
        for path in (home.data / "pg_wal").glob("*.history"):
            shutil.copyfile(path, folder / path.name)
        _give_to(folder, home.user)
        self.state.note(timeline=timeline)

    def _restore_objects(self) -> RestoredObjects:
        with stack.boot(self.state, env={**self.env, "BACKUP_TARGET": ""}) as servers:
            if not servers.wait_storage():
                raise Unavailable("The storage did not start within a minute. Look at the disk's free space, then try again.")
            names = {name: servers.urls[name] for name in stack.S3_NAMES if name in servers.urls}
            return restore_objects(
                self.settings.replace(**names),
                self.target,
                self.key,
                self.picked.last,
                self.picked.at,
                self.report,
                owner_url=servers.urls["DATABASE_OWNER_URL"],
            )

    def _note(self, begun_at: datetime, reached: datetime, facts: RestoredFacts) -> None:
        """Remembers that it was restored: the next backup is a full one, and pages say so."""
        local = LocalState.of(self.state.folder)
        local.forget_target()
        local.note(
            restored_at=datetime.now(UTC).isoformat(),
            restored_to=reached.isoformat(),
            restored_facts=json.loads(json.dumps(asdict(facts), default=str)),
        )
        name = f"{self.picked.last.cluster}/restores/{begun_at:%Y%m%dT%H%M%SZ}-{self.state.run.get('timeline', 1)}"
        try:
            with self.target.writing(name) as path:
                path.write_text(reached.isoformat())
        except StudioError as error:
            self.report(f"The restore could not be noted at the target: {error.message}")
        (self.state.folder / RESTORE_FILE).unlink(missing_ok=True)

    @property
    def _programs(self) -> Path:
        return binaries.postgres(self.env).parent


def restore(
    settings: Settings, request: RestoreRequest, *, env: Mapping[str, str], report: Callable[[str], None] = print
) -> RestoreOutcome:
    """Raises Conflict when the studio runs, Invalid, NotFound, BackupDamaged, Unavailable."""
    target, key = open_target(settings), choice.read_key(settings)
    if env.get("DATABASE_URL") or env.get("DATABASE_OWNER_URL"):
        return _restore_external(settings, request, env, target, key, report)
    try:
        state = states.lock_folder(settings.data_dir.resolve(), restoring=True)
    except Conflict as error:
        raise Conflict(f"{error.message} A running studio is not restored over.", **error.data) from error
    try:
        at = choice.parse_moment(request.at, now=datetime.now(UTC))
        major = binaries.postgres_major(binaries.postgres(env))
        picked = choice.choose(target, at=at, cluster=request.cluster, backup_id=request.backup_id, postgres_major=major)
        if picked.last.kind == "dump":
            moment, objects, facts, seconds, aside = restore_embedded_dump(settings, env, state, target, key, picked, report)
            return RestoreOutcome(picked.last.id, moment, at if at and moment < at else None, objects, facts, [aside], seconds)
        return Restore(settings, env, state, target, key, picked, report).run()
    finally:
        if not state.lock.closed:
            state.release()


def _restore_external(
    settings: Settings,
    request: RestoreRequest,
    env: Mapping[str, str],
    target: Target,
    key: SecretKey,
    report: Callable[[str], None],
) -> RestoreOutcome:
    at = choice.parse_moment(request.at, now=datetime.now(UTC))
    picked = choice.choose(target, at=at, cluster=request.cluster, backup_id=request.backup_id, postgres_major=0, kind="dump")
    moment, objects, facts, seconds = restore_dump(settings, env, target, key, picked, report)
    unreached = at if at and moment < at else None
    return RestoreOutcome(picked.last.id, moment, unreached, objects, facts, [], seconds)


def _give_to(root: Path, user: str | None) -> None:
    """Owned by the account that runs Postgres, readable by nobody else."""
    owner = pwd.getpwnam(user) if user else None
    for path in (root, *root.rglob("*")):
        if owner and not path.is_symlink():
            os.chown(path, owner.pw_uid, owner.pw_gid)
    root.chmod(0o700)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)

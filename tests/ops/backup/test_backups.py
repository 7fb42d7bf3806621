"""A small studio's real servers, backed up and restored: what goes wrong on the way leaves the last good one."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.db.migrations import migrate
from backend.errors import Conflict, DiskFull, Invalid, Unavailable
from backend.settings import ROOT, Settings
from backend.storage import Storage
from ops import local_stack
from ops.backup import log_shipment, source
from ops.backup.restore import BackupDamaged, RestoreRequest, restore
from ops.backup.runs import Backups, open_backups
from ops.backup.service import BackupService
from ops.backup.targets import FolderTarget
from ops.backup.verification import verify_backup
from ops.local_stack import Stack
from ops.local_stack import state as states
from tests.support.wait import until


@dataclass
class SmallStudio:
    """Servers with a migrated database; `values` are its settings, also for processes of their own."""

    folder: Path
    values: dict[str, str]
    servers: Stack

    @property
    def settings(self) -> Settings:
        return Settings.model_validate(self.values)

    def without_servers(self) -> SmallStudio:
        """As its settings are once its own servers have ended."""
        values = {name: value for name, value in self.values.items() if not name.startswith("S3_")}
        return SmallStudio(self.folder, values, self.servers)

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], **self.values}

    def backups(self) -> Backups:
        return open_backups(self.settings, self.env)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with source.embedded_source(self.folder).connect() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "ops.backup", *arguments], cwd=ROOT, env=self.env, stdout=-1, stderr=-1, process_group=0
        )


@pytest.fixture(scope="module")
def studio() -> Iterator[SmallStudio]:
    with tempfile.TemporaryDirectory(prefix="studio-backups-") as folder:
        base = Path(folder)
        base.chmod(0o755)  # Postgres may run under another account
        (base / "target").mkdir()
        values = {"STUDIO_DATA": str(base / "a studio"), "BACKUP_TARGET": str(base / "target")}
        with local_stack.start(base / "a studio", env=values, durable=False) as servers:
            migrate(servers.urls["DATABASE_OWNER_URL"])
            servers.wait_storage()
            names = {name: value for name, value in servers.urls.items() if name.startswith("S3_")}
            small = SmallStudio(base / "a studio", values | names, servers)
            small.query("SET ROLE studio_owner; CREATE SCHEMA notes; CREATE TABLE notes.lines (n int)")
            yield small


def put(studio: SmallStudio, key: str, data: bytes) -> None:
    Storage(studio.settings).put_bytes(key, data, "text/plain")


def corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_full_backup_then_only_what_is_new(studio: SmallStudio) -> None:
    studio.query("INSERT INTO notes.lines SELECT generate_series(1, 1000)")
    put(studio, "texts/1", b"first" * 100)
    put(studio, "texts/big", os.urandom(5 * 1024**2))
    backups = studio.backups()
    full = backups.make()
    put(studio, "texts/2", b"a text of ours")
    incremental = backups.make()
    assert (full.kind, full.objects, incremental.kind, incremental.parent) == ("full", 2, "incremental", full.id)
    assert (incremental.objects, incremental.new_bytes) == (3, 14)
    assert incremental.parts["database.tar.zst.age"].size < full.parts["database.tar.zst.age"].size / 5
    assert backups.state.key_file.stat().st_mode & 0o777 == 0o600
    at_target = b"".join(path.read_bytes() for path in Path(backups.target.label).rglob("*") if path.is_file())
    password = json.loads((studio.folder / "secrets.json").read_text())["POSTGRES_PASSWORD"]
    assert b"a text of ours" not in at_target
    assert password.encode() not in at_target
    report = verify_backup(studio.settings, studio.env, report=lambda line: None)
    assert (report["backup"], report["objects"], report["chain"]) == (incremental.id, 3, 2)


def test_a_backup_that_is_killed_counts_as_none(studio: SmallStudio) -> None:
    before = studio.backups().records()
    process = studio.command("now", "--full")
    staging = studio.folder / "backup" / "staging" / "database"
    until(staging.exists, seconds=60)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert studio.backups().records() == before
    assert studio.backups().make().kind == "incremental"
    assert not (studio.folder / "backup" / "staging").exists()


def test_a_full_target_in_the_middle_leaves_the_last_good_one(studio: SmallStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    backups = studio.backups()
    before = [record.id for record in backups.records()]
    writing = FolderTarget.writing

    def full(self: FolderTarget, name: str, *, durable: bool = True) -> Any:
        if name.endswith("database.tar.zst.age"):
            raise DiskFull("full")
        return writing(self, name, durable=durable)

    monkeypatch.setattr(FolderTarget, "writing", full)
    with pytest.raises(DiskFull):
        backups.make("full")
    monkeypatch.undo()
    assert [record.id for record in backups.records()] == before
    verify_backup(studio.settings, studio.env, report=lambda line: None)


def test_the_log_waits_here_while_the_target_is_away(studio: SmallStudio) -> None:
    backups = studio.backups()
    folder, target = backups.database.log_folder, Path(backups.target.label)
    assert folder is not None
    target.rename(target.with_name("away"))
    studio.query("INSERT INTO notes.lines VALUES (-1)")
    studio.query("SELECT pg_switch_wal()")
    until(lambda: log_shipment.lag(folder).since is not None, seconds=60)
    with pytest.raises(Unavailable, match="not there"):
        backups.ship_log()
    assert log_shipment.lag(folder).size > 0
    target.with_name("away").rename(target)
    assert backups.ship_log() > 0


def test_a_nearly_full_disk_gives_the_log_up_rather_than_postgres(
    studio: SmallStudio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "segment.gz").write_bytes(b"x")
    assert not log_shipment.give_way(tmp_path)
    monkeypatch.setattr(log_shipment.disk, "free", lambda folder: (10, 100))
    assert log_shipment.give_way(tmp_path)
    assert log_shipment.lag(tmp_path).since is None


def test_the_page_hears_of_backups_and_its_request_is_done(studio: SmallStudio) -> None:
    service = BackupService(studio.backups())
    studio.query("INSERT INTO backups (id, state) VALUES ('bak_1', 'requested')")
    service.step()
    assert studio.query("SELECT count(*) FROM backups WHERE id = 'bak_1'") == [(0,)]
    done = studio.query("SELECT id, kind FROM backups WHERE state = 'complete' ORDER BY finished_at")
    assert [id for id, _ in done] == [record.id for record in service.backups.records()]
    status = studio.query("SELECT target, method, key_is_here, trouble FROM backup_status")
    assert status == [(studio.values["BACKUP_TARGET"], "physical", True, "")]


def test_an_external_postgres_without_an_archive_is_dumped_and_says_why(studio: SmallStudio) -> None:
    values = {
        **studio.values,
        "STUDIO_DATA": str(studio.folder.parent / "external"),
        "BACKUP_TARGET": str(studio.folder.parent / "dumps"),
    }
    Path(values["BACKUP_TARGET"]).mkdir()
    env = {"PATH": os.environ["PATH"], "DATABASE_OWNER_URL": studio.servers.urls["DATABASE_OWNER_URL"]}
    backups = open_backups(Settings.model_validate(values), env)
    audit_log = Path(values["STUDIO_DATA"]) / "audit" / "2026-01.jsonl.gz"
    audit_log.parent.mkdir()
    audit_log.write_bytes(gzip.compress(b"{}\n"))
    record = backups.make()
    audit_log.unlink()
    assert (record.kind, backups.facts.method, "replicate" in backups.facts.reason) == ("dump", "dump", True)
    assert record.parts.keys() == {"database.dump.age", "objects.zst.age", "installation.age"}
    backups.copy_safety()
    before = studio.query("SELECT count(*) FROM notes.lines")
    studio.query("DELETE FROM notes.lines")
    values["BACKUP_KEY_FILE"] = str(backups.state.key_file)
    outcome = restore(Settings.model_validate(values), RestoreRequest(), env=env)
    assert (outcome.backup, outcome.objects.missing) == (record.id, [])
    assert studio.query("SELECT count(*) FROM notes.lines") == before
    assert gzip.decompress(audit_log.read_bytes()) == b"{}\n"
    studio.query("DELETE FROM restores")


def test_a_running_studio_is_not_restored_over(studio: SmallStudio) -> None:
    with pytest.raises(Conflict, match="running studio is not restored over"):
        restore(studio.settings, RestoreRequest(), env=studio.env)


def test_a_restore_refuses_what_it_cannot_do_and_does_the_rest_to_the_minute(studio: SmallStudio) -> None:
    """The last test of the file: it stops the studio."""
    backups = studio.backups()
    full = backups.make("full")
    studio.query("DELETE FROM notes.lines")
    studio.query("INSERT INTO notes.lines SELECT generate_series(1, 7)")
    put(studio, "texts/3", b"third")
    backups.copy_objects()
    [(moment,)] = studio.query("SELECT clock_timestamp()")
    time.sleep(0.05)
    studio.query("DELETE FROM notes.lines")
    studio.query("SELECT pg_switch_wal()")
    backups.copy_safety()
    assert backups.database.log_folder
    until(lambda: log_shipment.lag(backups.database.log_folder).since is not None, seconds=60)  # type: ignore[arg-type]
    backups.ship_log()
    studio.servers.stop()
    studio = studio.without_servers()
    request = RestoreRequest(at=moment.isoformat())
    record_file = Path(backups.target.label) / full.folder / "record.json"

    text = record_file.read_text()
    record_file.write_text(full.model_copy(update={"revision": "9999"}).model_dump_json())
    with pytest.raises(Invalid, match="newer studio"):
        restore(studio.settings, request, env=studio.env)
    record_file.write_text(text)

    part = Path(backups.target.label) / full.folder / "database.tar.zst.age"
    good = part.read_bytes()
    corrupt(part)
    with pytest.raises(BackupDamaged, match="An older one reaches the same moment") as damaged:
        restore(studio.settings, request, env=studio.env)
    older = damaged.value.message.rsplit("BACKUP=", 1)[1]
    assert older in [record.id for record in backups.records()]
    part.write_bytes(good)

    process = studio.command("restore", "--at", request.at)
    until((studio.folder / states.RESTORE_FILE).exists, seconds=90)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    with pytest.raises(Unavailable, match="did not come to its end"):
        local_stack.start(studio.folder, env=studio.env)

    outcome = restore(studio.settings, request, env=studio.env)
    assert (outcome.backup, outcome.wanted, outcome.objects.count) == (full.id, None, 4)
    assert outcome.objects.damaged == outcome.objects.missing == []
    with local_stack.start(studio.folder, env=studio.values, durable=False) as servers:
        assert studio.query("SELECT count(*) FROM notes.lines") == [(7,)]
        assert studio.query("SELECT count(*) FROM restores") == [(1,)]
        servers.wait_storage()
        settings = studio.settings.replace(**{name: servers.urls[name] for name in servers.urls if name.startswith("S3_")})
        assert Storage(settings).read("texts/3") == b"third"
        after = open_backups(settings, studio.env).make()
        assert (after.kind, after.timeline > full.timeline) == ("full", True)

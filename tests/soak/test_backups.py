"""Restores that are too dear for every run: of a Postgres that somebody else runs, and across new passwords and keys."""

from __future__ import annotations

import os
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

from backend.db.migrations import migrate
from backend.db.migrations.logins import Logins
from backend.kit.secrets import KeyRing
from backend.settings import Settings
from backend.storage import Storage
from ops import local_stack, rotate
from ops.backup import log_shipment, source
from ops.backup.restore import RestoreRequest, restore
from ops.backup.runs import open_backups
from ops.local_stack import Stack, postgres
from ops.local_stack import state as states
from ops.local_stack.state import read_json
from tests.support.wait import until

LINES = "SET ROLE studio_owner; CREATE SCHEMA notes; CREATE TABLE notes.lines (n int)"


@contextmanager
def servers(folder: Path, **values: str) -> Iterator[Stack]:
    with local_stack.start(folder, env={"STUDIO_DATA": str(folder), **values}, durable=False) as running:
        running.wait_storage()
        yield running


def migrated(folder: Path, running: Stack) -> Logins:
    """With the passwords that the folder holds, as `make run` does it at each start."""
    stored = read_json(folder / "secrets.json")
    passwords = {"app_password": stored["STUDIO_APP_PASSWORD"], "worker_password": stored["STUDIO_WORKER_PASSWORD"]}
    return migrate(running.urls["DATABASE_OWNER_URL"], **passwords)


def new_secrets(folder: Path) -> None:
    state = states.lock_folder(folder)
    for name in (name for kind in rotate.KINDS.values() for name in kind.names):
        state.secret(name, lambda: b64encode(token_bytes(32)).decode())
    state.release()


def query(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with source.embedded_source(folder).connect() as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def base() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="studio-backups-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres may run under another account
        (folder / "target").mkdir()
        yield folder


def test_somebody_elses_postgres_comes_back_to_the_second(base: Path) -> None:
    """Base backup, incremental one and log of a server that is reached by its address, with a login that may replicate;
    restored where no DATABASE_URL is."""
    server, studio, elsewhere = (base / name for name in ("server", "studio", "elsewhere"))
    new_secrets(server)
    with servers(server, BACKUP_TARGET=str(base / "unused")) as running:  # its log is archived where there is a target
        migrated(server, running)
        query(server, LINES)
        login = source.embedded_source(server)
        url = URL.create(
            "postgresql", login.login["user"], login.login["password"], "127.0.0.1", int(login.login["port"]), postgres.NAME
        )
        env = {"PATH": os.environ["PATH"], "DATABASE_OWNER_URL": url.render_as_string(hide_password=False)}
        s3 = s3_urls(running)
        values = {
            "STUDIO_DATA": str(studio),
            "BACKUP_TARGET": str(base / "target"),
            "BACKUP_WAL_FOLDER": str(login.log_folder),
            **s3,
        }
        backups = open_backups(Settings.model_validate(values), env)
        assert (backups.facts.method, backups.facts.reason) == ("physical", "")
        full = backups.make("full")
        query(server, "INSERT INTO notes.lines SELECT generate_series(1, 1000)")
        Storage(backups.settings).put_bytes("texts/1", b"first", "text/plain")
        incremental = backups.make("incremental")
        query(server, "INSERT INTO notes.lines SELECT generate_series(1, 7)")
        [(moment,)] = query(server, "SELECT clock_timestamp()")
        assert isinstance(moment, datetime)
        query(server, "DELETE FROM notes.lines")
        query(server, "SELECT pg_switch_wal()")
        assert login.log_folder
        folder = login.log_folder
        until(lambda: log_shipment.lag(folder).since is not None, seconds=60)
        backups.ship_log()
        key_file = backups.state.key_file
    there = {"STUDIO_DATA": str(elsewhere), "BACKUP_TARGET": str(base / "target"), "BACKUP_KEY_FILE": str(key_file)}
    outcome = restore(
        Settings.model_validate(there), RestoreRequest(at=moment.isoformat()), env={"PATH": os.environ["PATH"], **there}
    )
    assert (full.kind, incremental.kind, outcome.backup, outcome.wanted) == ("full", "incremental", incremental.id, None)
    assert (outcome.objects.count, outcome.objects.missing, outcome.objects.damaged) == (1, [], [])
    with local_stack.start(elsewhere, env=there, durable=False) as restored:
        assert query(elsewhere, "SELECT count(*) FROM notes.lines") == [(1007,)]
        restored.wait_storage()
        settings = Settings.model_validate(there | {name: restored.urls[name] for name in s3})
        assert Storage(settings).read("texts/1") == b"first"


def test_new_passwords_and_keys_do_not_stop_a_restore_to_before_them(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = base / "studio"
    values = {"STUDIO_DATA": str(studio), "BACKUP_TARGET": str(base / "target")}
    env = {"PATH": os.environ["PATH"], **values}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(base)
    new_secrets(studio)
    before = read_json(studio / "secrets.json")
    sealed = KeyRing(before["SECRET_KEYS"]).seal("a token of a channel", tenant_id="ten", row_id="chan")
    with servers(studio, **values) as running:
        migrated(studio, running)
        query(studio, LINES)
        query(studio, "INSERT INTO notes.lines VALUES (1)")
        settings = Settings.model_validate(values | s3_urls(running))
        Storage(settings).put_bytes("texts/1", b"first", "text/plain")
        open_backups(settings, env).make("full")
        moment = datetime.now(UTC)
        query(studio, "DELETE FROM notes.lines")
        query(studio, "SELECT pg_switch_wal()")
    assert rotate.main(["all"]) == 0
    with servers(studio, **values) as running:
        migrated(studio, running)
        backups = open_backups(Settings.model_validate(values | s3_urls(running)), env)
        until(lambda: log_shipment.lag(backups.database.log_folder).since is not None, seconds=60)  # type: ignore[arg-type]
        backups.ship_log()

    restore(Settings.model_validate(values), RestoreRequest(at=moment.isoformat()), env=env)
    stored = read_json(studio / "secrets.json")
    assert [name for name, secret in before.items() if stored[name] == secret] == [], "old ones came back"
    with servers(studio, **values) as running:
        logins = migrated(studio, running)
        for url in (logins.app_url, logins.worker_url):
            with psycopg.connect(
                make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            ) as connection:
                connection.execute("SELECT 1")
        assert query(studio, "SELECT count(*) FROM notes.lines") == [(1,)]
        assert Storage(Settings.model_validate(values | s3_urls(running))).read("texts/1") == b"first"
    assert KeyRing(stored["SECRET_KEYS"]).open(sealed, tenant_id="ten", row_id="chan") == "a token of a channel"


def s3_urls(running: Stack) -> dict[str, str]:
    return {name: value for name, value in running.urls.items() if name.startswith("S3_")}

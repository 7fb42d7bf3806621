"""Old and new code on one database: what migrations may take away, what starts on which schema, and what a failure leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from backend.db.migrations import apply, check_schema, contract, migrate
from backend.db.migrations.apply import MigrationFailed, alembic_config
from backend.errors import Conflict, Invalid
from backend.settings import ROOT
from tests.support.databases import APP_PASSWORD, WORKER_PASSWORD, DatabaseUrls, copy_of, fresh_database
from tests.support.schema_changes import Catalog, read_catalog, takes_away
from tests.support.wait import until

_numbers = count(1)
NEXT = f"{int(contract.HEAD) + 1:04}"
AFTER = f"{int(contract.HEAD) + 2:04}"
WIDER_RULES = {
    "0070": "the rule of plan_acts.kind allows one value more",
}
"""Migrations whose new rule on columns that were there is wider than the one before, and what it allows."""


@pytest.fixture
def urls(template: DatabaseUrls) -> Iterator[DatabaseUrls]:
    with copy_of(template) as copy:
        yield copy


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """A folder with today's migrations, to which tests add some of their own."""
    return copy_migrations(tmp_path)


@pytest.fixture(scope="module")
def catalog(template: DatabaseUrls) -> Catalog:
    """Today's schema."""
    with create_engine(template.owner, poolclass=NullPool).connect() as connection:
        return read_catalog(connection)


def copy_migrations(base: Path) -> Path:
    """Today's migrations in a folder below `base`, compiled as they are, but for what another process compiles right now."""
    folder = base / "versions"
    shutil.copytree(contract.FOLDER, folder, ignore=shutil.ignore_patterns("*.pyc.*"))
    return folder


def add_migration(folder: Path, revision: str, body: str, *, before: str = contract.HEAD, serves_since: str = "") -> None:
    lines = [
        f'"""Migration {revision} of a test."""',
        "from alembic import op",
        f"revision, down_revision, branch_labels, depends_on = {revision!r}, {before!r}, None, None",
        f"serves_since = {serves_since!r}",
        "def upgrade():",
        *(f"    {line}" for line in body.splitlines()),
    ]
    (folder / f"{revision}_of_a_test.py").write_text("\n".join(lines))


def schema_of(url: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        [(revision,)] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(revision)


def start(url: str, head: str = contract.HEAD) -> None:
    """As a studio or worker of code that was written for `head` does."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        check_schema(connection, head)


def upgrade(urls: DatabaseUrls, folder: Path, *, beside: bool = False) -> None:
    migrate(urls.owner, app_password=APP_PASSWORD, worker_password=WORKER_PASSWORD, folder=folder, beside=beside)


def test_a_migration_that_takes_something_away_says_which_code_it_serves(template: DatabaseUrls) -> None:
    """The law for whoever writes one: drop and rename in the release after the last use, and say so with `serves_since`."""
    engine = create_engine(fresh_database(template.owner, f"law{next(_numbers)}"), poolclass=NullPool)
    undeclared, needless = [], []
    with engine.begin() as connection:
        config = alembic_config(connection)
        all_migrations = contract.migrations(config)
        command.upgrade(config, "0060")
        before = read_catalog(connection)
        for migration in all_migrations:
            if migration.revision <= "0060":
                continue
            command.upgrade(config, migration.revision)
            after = read_catalog(connection)
            found = takes_away(before, after)
            if found and not migration.serves_since and migration.revision not in WIDER_RULES:
                undeclared.append(f"{migration.revision}: {'; '.join(found)}")
            if not found and (migration.serves_since or migration.revision in WIDER_RULES):
                needless.append(migration.revision)
            before = after
    assert not undeclared, "they need serves_since, or a line in WIDER_RULES if the new rule only allows more"
    assert not needless
    assert all(migration.serves_since <= migration.revision for migration in all_migrations)


@pytest.mark.parametrize(
    ("statement", "breaks"),
    [
        ("ALTER TABLE jobs DROP COLUMN result", "jobs.result is gone"),
        ("ALTER TABLE jobs RENAME result TO outcome", "jobs.result is gone"),
        ("DROP TABLE job_logs", "job_logs.line is gone"),
        ("ALTER TABLE jobs ADD colour text NOT NULL", "jobs.colour is new and required"),
        ("ALTER TABLE jobs ALTER result SET NOT NULL", "jobs.result is required now"),
        ("ALTER TABLE jobs ALTER priority TYPE bigint", "jobs.priority was integer and is bigint"),
        ("ALTER TABLE jobs ALTER priority DROP DEFAULT", "jobs.priority has no default any more"),
        ("ALTER TABLE jobs ADD CONSTRAINT few CHECK (priority < 9)", "jobs.few is a new rule"),
        ("CREATE UNIQUE INDEX one_title ON jobs (tenant_id, kind)", "jobs.one_title is a new rule"),
        ("ALTER TABLE jobs ADD colour text NOT NULL DEFAULT 'red' CHECK (colour <> '')", ""),
        ("CREATE TABLE colours (id text PRIMARY KEY, name text NOT NULL)", ""),
        ("ALTER TABLE jobs ALTER kind DROP NOT NULL", ""),
    ],
)
def test_the_law_sees_what_breaks_old_code(template: DatabaseUrls, catalog: Catalog, statement: str, breaks: str) -> None:
    engine = create_engine(template.owner, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))
        found = takes_away(catalog, read_catalog(connection))
        connection.rollback()
    assert bool(breaks) == bool(found)
    assert not breaks or any(line.startswith(breaks) for line in found), found


def test_code_starts_on_its_own_schema_and_on_newer_ones_that_serve_it(urls: DatabaseUrls, versions: Path) -> None:
    start(urls.app)
    with pytest.raises(
        Invalid, match=f"has schema {contract.HEAD}; this version of the studio needs {NEXT}. Run `make upgrade`"
    ):
        start(urls.worker, head=NEXT)
    add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs ADD colour text')")
    upgrade(urls, versions)
    start(urls.app)
    migrate(urls.owner, app_password=APP_PASSWORD, worker_password=WORKER_PASSWORD)  # as `make run` of the older code does
    assert schema_of(urls.owner) == NEXT
    add_migration(versions, AFTER, "op.execute('ALTER TABLE jobs DROP colour')", before=NEXT, serves_since=AFTER)
    upgrade(urls, versions)
    with pytest.raises(Invalid, match=f"serves only versions of the studio written for {AFTER} or newer"):
        start(urls.worker)
    with pytest.raises(Invalid, match=f"serves only versions of the studio written for {AFTER} or newer"):
        migrate(urls.owner)
    start(urls.worker, head=AFTER)


def test_an_unmigrated_database_is_refused_with_the_command(template: DatabaseUrls) -> None:
    with pytest.raises(Invalid, match=r"python -m backend\.db\.migrations"):
        start(fresh_database(template.owner, f"empty_contract{next(_numbers)}"))


def test_a_migration_that_fails_in_the_middle_leaves_the_schema_before_it(urls: DatabaseUrls, versions: Path) -> None:
    add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs ADD colour text')")
    add_migration(versions, AFTER, "op.execute('ALTER TABLE jobs ADD shape text')\nop.execute('SELECT 1 / 0')", before=NEXT)
    with pytest.raises(MigrationFailed, match=f"division by zero. The database is as it was, at schema {NEXT}"):
        upgrade(urls, versions)
    assert schema_of(urls.owner) == NEXT
    start(urls.app)
    with psycopg.connect(urls.owner.replace("+psycopg", "")) as connection:
        columns = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'jobs'::regclass AND attname IN ('colour', 'shape')"
        ).fetchall()
    assert columns == [("colour",)]


def test_a_failure_behind_one_that_breaks_old_code_takes_back_both(urls: DatabaseUrls, versions: Path) -> None:
    add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs DROP result')", serves_since=NEXT)
    add_migration(versions, AFTER, "op.execute('SELECT 1 / 0')", before=NEXT)
    with pytest.raises(MigrationFailed, match=f"at schema {contract.HEAD}"):
        upgrade(urls, versions)
    assert schema_of(urls.owner) == contract.HEAD
    start(urls.app)


def test_what_would_break_the_running_version_is_not_done_beside_it(urls: DatabaseUrls, versions: Path) -> None:
    add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs DROP result')", serves_since=NEXT)
    with psycopg.connect(urls.worker.replace("+psycopg", "")), pytest.raises(Conflict, match="Stop its studio and workers"):
        upgrade(urls, versions, beside=True)
    assert schema_of(urls.owner) == contract.HEAD
    upgrade(urls, versions, beside=True)
    assert schema_of(urls.owner) == NEXT


def test_a_migration_that_waits_for_a_lock_gives_up_and_says_who_holds_it(
    urls: DatabaseUrls, versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "_LOCK_TIMEOUT_S", 0.05)
    monkeypatch.setattr(apply, "_PAUSE_S", 0.01)
    add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs ADD colour text')")
    with psycopg.connect(urls.worker.replace("+psycopg", "")) as reader:
        reader.execute("SELECT count(*) FROM jobs")
        with pytest.raises(MigrationFailed, match=r"held by studio_worker \(process \d+\)"):
            upgrade(urls, versions)
    assert schema_of(urls.owner) == contract.HEAD
    upgrade(urls, versions)
    assert schema_of(urls.owner) == NEXT


def test_a_migration_that_is_killed_is_rolled_back_and_done_by_the_next(
    urls: DatabaseUrls, versions: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "half done"
    slow = (
        f"op.execute('ALTER TABLE jobs ADD colour text')\nopen({str(marker)!r}, 'w').close()\nop.execute('SELECT pg_sleep(60)')"
    )
    add_migration(versions, NEXT, slow)
    script = (
        "import pathlib, sys; from backend.db.migrations import migrate\n"
        "migrate(sys.argv[1], app_password='x', worker_password='x', folder=pathlib.Path(sys.argv[2]))"
    )
    process = subprocess.Popen([sys.executable, "-c", script, urls.owner, str(versions)], cwd=ROOT, env=dict(os.environ))
    until(marker.exists, 60, what="the middle of the migration")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert schema_of(urls.owner) == contract.HEAD
    with psycopg.connect(urls.owner.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(  # what Postgres does by itself once it sees that the client is gone
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'"
        )
        add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs ADD colour text')")
        upgrade(urls, versions)
        start(urls.app, head=NEXT)


def test_policies_are_not_made_anew_where_they_stand_and_are_mended_where_they_do_not(urls: DatabaseUrls) -> None:
    made = "SELECT polname, polrelid::regclass::text, oid FROM pg_policy ORDER BY 1, 2"
    with psycopg.connect(urls.owner.replace("+psycopg", ""), autocommit=True) as connection:
        before = connection.execute(made).fetchall()
        upgrade(urls, contract.FOLDER)
        assert connection.execute(made).fetchall() == before
        connection.execute("ALTER POLICY tenant ON jobs USING (true)")
        upgrade(urls, contract.FOLDER)
        [(condition,)] = connection.execute("SELECT qual FROM pg_policies WHERE tablename = 'jobs' AND policyname = 'tenant'")
    assert "app.tenant" in condition

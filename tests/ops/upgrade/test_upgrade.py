"""`make upgrade` of a running studio: backup, migrations beside it, restart; what fails leaves it and its data as they were."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest

from backend.db.migrations import apply, contract, migrate
from backend.errors import Unavailable
from backend.settings import ROOT, Settings
from ops.backup.restore import RestoreRequest, restore
from ops.local_stack import ports, postgres, start
from ops.local_stack.state import read_json
from ops.upgrade import compatibility, studio_process, upgrade
from ops.upgrade.checkout import Checkout
from ops.upgrade.studio_process import RunningStudio
from ops.upgrade.upgrade import Upgrade
from tests.backend.db.migrations.test_contract import NEXT, add_migration, copy_migrations
from tests.support.wait import until

OUTSIDE = ("DATABASE_URL", "DATABASE_OWNER_URL", "WORKER_DATABASE_URL", "REDIS_URL", "BACKUP_TARGET")
SLOW_TO_STOP = """
import signal, sys, threading, time, urllib.request, os
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
stop.wait()
time.sleep(0.3)
with open(os.environ['STUDIO_DATA'] + '/asked while stopping', 'w') as file:
    file.write(urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/").read().decode())
"""
"""A worker that ends what it does, and looks whether the page still answers."""


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """Postgres's own account can reach it, which it cannot pytest's own folders."""
    with tempfile.TemporaryDirectory(prefix="studio-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def data(base: Path) -> Iterator[Path]:
    """The data folder of a running studio: the real supervisor and servers, a tiny page and a tiny worker."""
    env = {name: value for name, value in os.environ.items() if name not in OUTSIDE and not name.startswith("S3_")}
    port = str(ports.choose(["studio"], last={})["studio"])
    env |= {"STUDIO_DATA": str(base / "var"), "PORT": port, "PUBLIC_URL": "", "FAKE_WORKER": SLOW_TO_STOP}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ops.local_stack.supervised"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL
    )
    until(lambda: read_json(base / "var" / "run.json").get("url"), 60, what="the studio")
    yield base / "var"
    process.terminate()
    try:
        process.wait(30)
    finally:
        process.kill()


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The new version's migrations: today's, and what a test adds."""
    folder = copy_migrations(tmp_path)
    monkeypatch.setattr(upgrade, "migrate", partial(migrate, folder=folder))
    return folder


def upgrade_of(data: Path, **env: str) -> Upgrade:
    settings = Settings.read(None, STUDIO_DATA=data)
    checkout = Checkout(ROOT, ROOT / ".venv")
    studio = studio_process.find(data, ROOT)
    assert studio is not None
    own = {name: value for name, value in os.environ.items() if name not in OUTSIDE and not name.startswith("S3_")}
    return Upgrade(settings, {**own, **env}, checkout, studio, report=lambda line: None)


def schema(data: Path) -> str:
    port, password = (
        read_json(data / "run.json")["ports"]["postgres"],
        read_json(data / "secrets.json")["STUDIO_OWNER_PASSWORD"],
    )
    with psycopg.connect(postgres.url(port, password).replace("+psycopg", "")) as connection:
        [(revision,)] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(revision)


def answers(data: Path) -> bool:
    return httpx.get(str(read_json(data / "run.json")["url"])).text == "ok"


def test_a_migration_that_fails_leaves_the_old_version_running(data: Path, versions: Path) -> None:
    pid = read_json(data / "run.json")["pid"]
    add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs ADD colour text')\nop.execute('SELECT 1 / 0')")
    with pytest.raises(apply.MigrationFailed, match="division by zero"):
        upgrade_of(data, BACKUP="no").run()
    assert (schema(data), answers(data), read_json(data / "run.json")["pid"]) == (contract.HEAD, True, pid)


def test_where_it_had_to_be_stopped_for_a_migration_that_fails_it_is_started_again(
    data: Path, versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs DROP result')\nop.execute('SELECT 1 / 0')", serves_since=NEXT)
    monkeypatch.setattr(studio_process, "stop", lambda studio, folder: None)
    monkeypatch.setattr(studio_process, "start", lambda studio, folder, *, checkout, python: started.append(checkout))
    upgrading = upgrade_of(data, BACKUP="no")
    monkeypatch.setattr(
        Upgrade, "_migrate_stopped", lambda self: upgrading._migrate(upgrading._owner_url(self.env), self.env, beside=False)
    )
    upgrading.checkout.to = "a tag"
    url = httpx.get(f"{read_json(data / 'run.json')['url']}/DATABASE_URL").text.replace("+psycopg", "")
    with psycopg.connect(url), pytest.raises(Unavailable, match=r"division by zero.*\nThe old version runs again"):
        upgrading.run()
    assert started == [ROOT], "the code that was not exchanged yet"
    assert schema(data) == contract.HEAD


def test_an_upgrade_backs_up_migrates_and_restarts_while_people_read(data: Path, versions: Path) -> None:
    before = read_json(data / "run.json")
    add_migration(versions, NEXT, "op.execute('ALTER TABLE jobs ADD colour text')")
    sentence = upgrade_of(data).run()
    assert f"The schema went from {contract.HEAD} to {NEXT}" in sentence
    assert (data / "asked while stopping").read_text() == "ok", "workers end before the page does"
    after = read_json(data / "run.json")
    assert (after["pid"], answers(data)) == (before["pid"], True), "in the same process, terminal or unit"
    assert after["started"] > before["started"]
    assert schema(data) == NEXT
    [record] = data.with_name("var-upgrade-backups").glob("*/backups/*/record.json")
    assert f'"revision": "{contract.HEAD}"' in record.read_text()


def test_a_studio_of_another_folder_is_stopped_and_started_instead(data: Path, tmp_path: Path) -> None:
    here, elsewhere = studio_process.find(data, ROOT), studio_process.find(data, tmp_path)
    assert isinstance(here, RunningStudio)
    assert isinstance(elsewhere, RunningStudio)
    assert (here.can_restart, elsewhere.can_restart) == (True, False)


def test_its_backup_brings_the_studio_of_before_back(data: Path) -> None:
    studio = studio_process.find(data, ROOT)
    assert studio is not None
    studio_process.stop(studio, data)
    target, key = data.with_name("var-upgrade-backups"), data / "backup-key.txt"
    settings = Settings.read(None, STUDIO_DATA=data, BACKUP_TARGET=str(target), BACKUP_KEY_FILE=str(key))
    outcome = restore(settings, RestoreRequest(), env={"PATH": os.environ["PATH"]}, report=lambda line: None)
    assert outcome.aside[0].startswith("database studio_before_restore_")
    with start(data, env={"PATH": os.environ["PATH"]}, durable=False) as servers:
        url = servers.urls["DATABASE_OWNER_URL"].replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'jobs'::regclass AND attname = 'colour'"
            assert connection.execute(columns).fetchone() == (0,)


def test_without_a_studio_there_is_nothing_to_upgrade(tmp_path: Path) -> None:
    upgrading = Upgrade(Settings.read(None, STUDIO_DATA=tmp_path), {}, Checkout(ROOT, ROOT / ".venv"), None, report=print)
    assert studio_process.find(tmp_path, ROOT) is None
    with pytest.raises(Unavailable, match="There is no studio in"):
        upgrading.run()


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_code_and_packages_change_together_and_are_put_back_together(tmp_path: Path) -> None:
    root, venv = tmp_path / "studio", tmp_path / "studio" / ".venvs" / "new"
    (root / ".venv").mkdir(parents=True)
    venv.mkdir(parents=True)
    (venv / ".installed-run").write_text("abc /somewhere")
    git(root, "init", "-q", "-b", "main")
    for version in ("old", "new"):
        (root / "code.txt").write_text(version)
        git(root, "add", "code.txt")
        git(root, "commit", "-qm", version)
        git(root, "tag", version)
    git(root, "checkout", "-q", "-b", "mine", "old")
    checkout = Checkout(root, venv, to="new")
    checkout.switch()
    assert (root / "code.txt").read_text() == "new"
    assert (root / ".venv").resolve() == venv
    assert (root / ".venv" / ".installed-run").read_text() == "abc .venv", "`make run` finds nothing to install"
    assert (root / ".venv.before-upgrade").is_dir()
    assert checkout.put_back()
    assert (root / "code.txt").read_text() == "old"
    assert git(root, "rev-parse", "--abbrev-ref", "HEAD") == "mine"
    assert (root / ".venv").is_dir()
    assert not (root / ".venv").is_symlink()


def test_the_paper_has_todays_table_of_versions() -> None:
    assert "\n".join(compatibility.table()) in (ROOT / "docs" / "operate.md").read_text(), "python -m ops.upgrade.compatibility"

"""The embedded servers: quick, private, durable, one run at a time, replaced by the user's own."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import redis

from backend.errors import Conflict, Unavailable
from backend.kit import child
from ops import local_stack
from ops.local_stack import Stack, binaries, ports, postgres, services
from ops.local_stack import state as states
from ops.local_stack.environment import service_environment

ROOT = Path(__file__).parents[3]


def test_a_worker_for_devices_gets_no_secret_of_pages_platforms_or_mail() -> None:
    names = ("SECRET_KEYS", "WORKER_DATABASE_URL", "JWT_SECRET", "INSTAGRAM_APP_SECRET", "SMTP_URL", "WEBHOOK_SECRET")
    env = dict.fromkeys(names, "secret")
    known = [
        {name for name, value in service_environment(worker, env).items() if value}
        for worker in services.worker_services(stop_grace_s=1)
    ]
    assert known == [{*names} - {"JWT_SECRET"}, {"SECRET_KEYS", "WORKER_DATABASE_URL"}]


def owner(stack: Stack) -> str:
    return stack.urls["DATABASE_OWNER_URL"].replace("+psycopg", "")


def query(stack: Stack, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(owner(stack)) as login:
        cursor = login.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def folder(module_path: Path) -> Path:
    return module_path / "a folder with spaces"


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    with local_stack.start(folder, env={}, durable=False) as running:
        yield running


def test_the_owner_can_make_logins_but_is_no_superuser(stack: Stack) -> None:
    rights = "rolsuper, rolcreaterole, rolcreatedb, rolbypassrls"
    assert query(stack, f"SELECT {rights} FROM pg_roles WHERE rolname = current_user") == [(False, True, True, True)]
    (row,) = query(stack, "SELECT datname, datlocprovider FROM pg_database WHERE datname = current_database()")
    assert row == ("studio", "b")


def test_every_server_wants_its_password(stack: Stack) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(owner(stack).replace("studio_owner:", "studio_owner:x"))
    with redis.Redis.from_url(stack.urls["REDIS_URL"].replace("@", "x@")) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    with redis.Redis.from_url(stack.urls["REDIS_URL"]) as client:
        assert client.ping()
    assert stack.wait_storage()
    for path in ("/", "/assets", "/assets/_health"):
        assert httpx.get(stack.urls["S3_ENDPOINT"] + path).status_code == 403
    assert httpx.put(stack.urls["S3_ENDPOINT"] + "/assets/x", content=b"x").status_code == 403


def test_no_other_port_of_the_storage_hands_files_out(stack: Stack) -> None:
    assert stack.wait_storage()
    process = psutil.Process(stack.pids["seaweed"])
    listening = {c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert {address.ip for address in listening} == {"127.0.0.1"}
    for address in listening:
        for path in ("/buckets/assets/_health", "/assets/_health"):
            try:
                status = httpx.get(f"http://127.0.0.1:{address.port}{path}", timeout=5).status_code
            except httpx.HTTPError:
                continue  # a gRPC port
            assert status >= 400, f"port {address.port} gives {path}"


def test_other_accounts_can_read_nothing(stack: Stack, folder: Path) -> None:
    assert stack.wait_storage()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    for name in ("log", "s3", "sandbox", "valkey"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700, name
    volumes = list((folder / "s3").rglob("*.dat"))
    assert volumes
    assert not [path for path in volumes if path.stat().st_mode & 0o077], "what a child writes is its account's alone"


def test_secrets_are_private_and_on_no_command_line(stack: Stack, folder: Path) -> None:
    for name in ("secrets.json", "run.json", "valkey/valkey.conf", "s3/s3.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    secrets = json.loads((folder / "secrets.json").read_text()).values()
    lines = [" ".join(psutil.Process(pid).cmdline()) for pid in stack.pids.values()]
    assert not [line for line in lines for secret in secrets if secret in line]


def test_a_second_start_is_refused_with_the_url_of_the_first(stack: Stack, folder: Path) -> None:
    stack.state.note(url="http://here:1")
    with pytest.raises(Conflict, match="already runs at http://here:1") as refused:
        local_stack.start(folder, env={})
    assert refused.value.data["url"] == "http://here:1"


def test_a_crashed_server_comes_back_on_its_port(stack: Stack) -> None:
    query(stack, "CREATE TABLE kept AS SELECT 7 AS n")
    server = stack.servers["postgres"]
    server.stop(sig=signal.SIGKILL)
    with pytest.raises(psycopg.OperationalError):
        query(stack, "SELECT 1")
    server.start()
    assert query(stack, "SELECT n FROM kept") == [(7,)]


def test_what_is_written_survives_a_restart_on_the_same_ports(tmp_path: Path) -> None:
    ready_calls: list[bool] = []
    with local_stack.start(tmp_path / "s", env={}, durable=True, on_storage_ready=lambda: ready_calls.append(True)) as first:
        query(first, "CREATE TABLE kept AS SELECT 7 AS n")
        with redis.Redis.from_url(first.urls["REDIS_URL"]) as client:
            client.set("kept", "7")
        assert first.wait_storage()
    with local_stack.start(tmp_path / "s", env={}, durable=True) as second:
        assert second.urls == first.urls
        assert query(second, "SELECT n FROM kept") == [(7,)]
        with redis.Redis.from_url(second.urls["REDIS_URL"]) as client:
            assert client.get("kept") == b"7"
    assert ready_calls == [True]
    assert not second.pids


def test_urls_that_are_set_replace_the_servers(tmp_path: Path) -> None:
    env = {"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://r/0", "S3_ENDPOINT": "http://s3:9000", "S3_KEY": "k"}
    with local_stack.start(tmp_path, env=env) as stack:
        assert stack.wait_storage(5)
        assert stack.servers == {}
        assert stack.urls == {
            "DATABASE_OWNER_URL": "postgresql://db/x",
            "REDIS_URL": "redis://r/0",
            "S3_ENDPOINT": "http://s3:9000",
            "S3_KEY": "k",
        }


def test_leftovers_of_a_killed_run_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    own_process, stranger = (child.spawn([sys.executable, "-c", "import time; time.sleep(99)"]) for _ in "ab")
    state = states.lock_folder(tmp_path)
    state.note_child("ours", own_process.pid)
    state.note_child("stranger", stranger.pid)
    state.run["children"][1]["created"] -= 5  # its number was used again
    state.note()
    state.lock.close()  # killed: no orderly release
    states.lock_folder(tmp_path).release()
    assert own_process.poll() is not None
    assert stranger.poll() is None
    for proc in (own_process, stranger):
        child.stop(proc)


def test_a_port_in_use_is_not_chosen_again() -> None:
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        number = occupied.getsockname()[1]
        assert not ports.is_free("127.0.0.1", number)
        chosen = ports.choose(["a", "b"], last={"a": number})
    assert number not in chosen.values()
    assert len(set(chosen.values())) == 2
    assert ports.choose(["b"], last=chosen) == {"b": chosen["b"]}


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="EMBEDDED_VALKEY_BIN is /none, but there is no program"):
        local_stack.start(tmp_path, env={"EMBEDDED_VALKEY_BIN": "/none", "DATABASE_URL": "x", "S3_ENDPOINT": "x"})
    states.lock_folder(tmp_path).release()  # the folder is free again


def test_a_server_that_dies_at_once_shows_its_log(tmp_path: Path) -> None:
    program = tmp_path / "bad"
    program.write_text("#!/bin/sh\necho it hurts\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(Unavailable, match="it hurts"):
        local_stack.start(tmp_path / "s", env={"EMBEDDED_VALKEY_BIN": str(program), "DATABASE_URL": "x", "S3_ENDPOINT": "x"})


@pytest.mark.parametrize("end", ["kill -9 $$", "echo FATAL:  pre-existing shared memory block is still in use; exit 1"])
def test_a_server_killed_while_it_starts_is_started_again(tmp_path: Path, end: str) -> None:
    """Or before it: then the sessions of the one that was killed may not have noticed yet."""
    program, once = tmp_path / "valkey", tmp_path / "once"
    real = binaries.valkey({})
    program.write_text(f'#!/bin/sh\n[ -e "{once}" ] || {{ touch "{once}"; {end}; }}\nexec "{real}" "$@"\n')
    program.chmod(0o755)
    env = {"EMBEDDED_VALKEY_BIN": str(program), "DATABASE_URL": "x", "S3_ENDPOINT": "x"}
    with local_stack.start(tmp_path / "s", env=env, durable=False) as running:
        assert once.exists()
        with redis.Redis.from_url(running.urls["REDIS_URL"]) as client:
            assert client.ping()


def test_lost_secrets_are_told_apart_from_a_slow_start(tmp_path: Path) -> None:
    env = {"REDIS_URL": "x", "S3_ENDPOINT": "x"}
    local_stack.start(tmp_path / "s", env=env, durable=True).stop()
    (tmp_path / "s" / "secrets.json").unlink()
    with pytest.raises(Unavailable, match=r"Put back the secrets\.json"):
        local_stack.start(tmp_path / "s", env=env, durable=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the cluster to somebody else")
def test_root_keeps_the_cluster_elsewhere_when_the_folder_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system, private = tmp_path / "system", tmp_path / "private"
    monkeypatch.setattr(postgres, "_SYSTEM_FOLDER", system)
    private.mkdir(mode=0o700)
    env = {"REDIS_URL": "x", "S3_ENDPOINT": "x"}
    with local_stack.start(private / "var", env=env) as first:
        query(first, "CREATE TABLE kept AS SELECT 7 AS n")
    (private / "var").rename(private / "moved")
    with local_stack.start(private / "moved", env=env) as second:
        assert query(second, "SELECT n FROM kept") == [(7,)]
    assert len(list(system.iterdir())) == 1
    with local_stack.start(private / "new", env=env) as third, pytest.raises(psycopg.errors.UndefinedTable):
        query(third, "SELECT n FROM kept")


@pytest.mark.kill
def test_servers_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    code = (
        "import json,sys,time; from pathlib import Path; from ops import local_stack\n"
        "stack = local_stack.start(Path(sys.argv[1]), env={}, durable=False)\n"
        "print(json.dumps(stack.pids), flush=True); time.sleep(99)"
    )
    proc = subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=ROOT, stdout=subprocess.PIPE)
    assert proc.stdout is not None
    servers = [psutil.Process(pid) for pid in json.loads(proc.stdout.readline()).values()]
    servers += [below for server in servers for below in server.children(recursive=True)]
    proc.kill()
    proc.wait()
    proc.stdout.close()
    alive = psutil.wait_procs(servers, timeout=20)[1]
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]

"""`make run`: one line with the address, everything ends with it, dead workers and servers come back."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from backend.errors import Unavailable
from ops.local_stack import ports
from ops.local_stack.run_info import RunInfo
from ops.local_stack.run_info import run_info as runs_in
from tests.support.wait import until

ROOT = Path(__file__).parents[3]
OUTSIDE = ("DATABASE_URL", "DATABASE_OWNER_URL", "WORKER_DATABASE_URL", "REDIS_URL")
Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts a supervised studio on the folder of the test; extra environment as keywords."""
    started: list[subprocess.Popen[str]] = []
    port = str(ports.choose(["studio"], last={})["studio"])

    def begin(**extra: str) -> subprocess.Popen[str]:
        env = {name: value for name, value in os.environ.items() if name not in OUTSIDE and not name.startswith("S3_")}
        env |= {"STUDIO_DATA": str(tmp_path / "var"), "PORT": port, "PUBLIC_URL": "", **extra}
        argv = [sys.executable, "-m", "tests.ops.local_stack.supervised"]
        started.append(subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield begin
    for proc in started:
        proc.terminate()  # in order: a killed one's Postgres would still write while the folder is removed
        try:
            proc.communicate(timeout=30)
        finally:
            proc.kill()


def address(proc: subprocess.Popen[str]) -> str:
    assert proc.stdout is not None
    line = proc.stdout.readline().strip()
    assert line.startswith("InfluencerAI Studio is running at "), line or proc.communicate()[1]
    return line.split()[-1]


def remembered(tmp_path: Path) -> dict[str, Any]:
    return dict(json.loads((tmp_path / "var" / "run.json").read_text()))


def pid_of(tmp_path: Path, name: str) -> int:
    return next(int(each["pid"]) for each in remembered(tmp_path)["children"] if each["name"] == name)


def children(tmp_path: Path, names: set[str]) -> dict[str, psutil.Process]:
    """The children by name, once all of `names` are there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        pids = {each["name"]: each["pid"] for each in remembered(tmp_path)["children"]}
        if names <= pids.keys():
            return {name: psutil.Process(pid) for name, pid in pids.items()}
        time.sleep(0.05)
    raise AssertionError(f"only {sorted(pids)} run")


def forked_worker(tmp_path: Path) -> dict[str, Any]:
    """What the forked worker that was started last wrote about itself."""
    log = tmp_path / "var" / "log" / "worker.log"
    until(lambda: log.exists() and log.read_text().endswith("}\n"), 20, what="what the worker knows")
    return dict(json.loads(log.read_text().splitlines()[-1]))


ALL = {"postgres", "valkey", "seaweed", "studio", "worker"}
# Nothing here is ever asked for: what these tests watch is above the servers.
ELSEWHERE = {"DATABASE_URL": "x", "WORKER_DATABASE_URL": "x", "REDIS_URL": "x", "S3_ENDPOINT": "x"}


def test_runs_migrated_and_ends_in_order(run: Run, tmp_path: Path) -> None:
    first = run(OPENROUTER_API_KEY="sk-test", WITH_SANDBOX="1", FORKED="1")
    url = address(first)
    assert httpx.get(f"{url}/_stcore/health").text == "ok"
    running = children(tmp_path, {*ALL, "sandbox"})

    app = httpx.get(f"{url}/DATABASE_URL").text
    assert runs_in(tmp_path / "var") == RunInfo(database_url=app, url=url)
    with psycopg.connect(app.replace("+psycopg", "")) as login:
        assert login.execute("SELECT current_user, count(*) > 3 FROM pg_tables WHERE schemaname = 'public'").fetchone() == (
            "studio_app",
            True,
        )
    knows = {name: process.environ() for name, process in running.items()}
    forks_know, knows["worker"] = knows["worker"], forked_worker(tmp_path)["environment"]
    assert knows["worker"]["WORKER_DATABASE_URL"].startswith("postgresql+psycopg://studio_worker:")
    assert knows["studio"]["OPENROUTER_API_KEY"] == "sk-test"
    assert {knows["studio"][name] for name in ("DATABASE_OWNER_URL", "WORKER_DATABASE_URL", "STUDIO_APP_PASSWORD")} == {""}
    assert len(knows["studio"]["JWT_SECRET"]) >= 32
    assert knows["worker"]["JWT_SECRET"] == ""
    secrets = [*json.loads((tmp_path / "var" / "secrets.json").read_text()).values(), "sk-test"]
    for name in ("postgres", "valkey", "seaweed", "sandbox"):
        assert not [secret for secret in secrets if secret in "".join(knows[name].values())], name
    assert not [secret for secret in secrets if secret in "".join(forks_know.values())]

    second = run()
    output, _ = second.communicate(timeout=60)
    assert f"already runs at {url}" in output
    assert second.returncode == 0

    first.send_signal(signal.SIGINT)
    assert first.wait(30) == 0
    assert not [name for name, process in running.items() if process.is_running()]
    assert remembered(tmp_path)["children"] == []
    with pytest.raises(Unavailable, match="make run"):
        runs_in(tmp_path / "var")


@pytest.mark.kill
def test_a_killed_supervisor_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    first = run(FORKED="1")
    url = address(first)
    values = [httpx.get(f"{url}/{name}").text for name in ("SECRET_KEYS", "DATABASE_URL", "S3_ENDPOINT")]
    running = list(children(tmp_path, ALL).values())
    running += [below for process in running for below in process.children(recursive=True)]
    first.kill()
    (tmp_path / "var" / "log").chmod(0o755)  # as version 0.5.1 left it
    alive = psutil.wait_procs(running, timeout=20)[1]
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
    second = run()
    assert second.stdout is not None
    assert second.stdout.readline().startswith("The last run did not end in order")
    assert address(second) == url
    assert stat.S_IMODE((tmp_path / "var" / "log").stat().st_mode) == 0o700
    assert [httpx.get(f"{url}/{name}").text for name in ("SECRET_KEYS", "DATABASE_URL", "S3_ENDPOINT")] == values


@pytest.mark.kill
def test_a_dead_worker_is_forked_again_also_where_the_fork_server_has_died(run: Run, tmp_path: Path) -> None:
    proc = run(**ELSEWHERE, FORKED="1", WITH_ORPHAN="1")
    address(proc)
    worker = children(tmp_path, {"worker"})["worker"]
    assert worker.ppid() == proc.pid
    orphan = forked_worker(tmp_path)["orphan"]
    [server] = [
        process
        for process in psutil.Process(proc.pid).children()
        if "ops.local_stack.fork_server" in process.cmdline() and process != worker
    ]
    server.kill()
    worker.kill()
    assert proc.stderr is not None
    assert proc.stderr.readline().startswith("worker ended (code -9); starting it again in 1 s.")
    until(lambda: pid_of(tmp_path, "worker") != worker.pid, 30, what="the worker's return")
    assert psutil.Process(pid_of(tmp_path, "worker")).ppid() == proc.pid
    psutil.Process(orphan).kill()
    until(lambda: not psutil.pid_exists(orphan), 20, what="that somebody waits for what the dead worker left")
    psutil.Process(forked_worker(tmp_path)["orphan"]).kill()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


def test_a_practice_platform_is_part_of_it_and_keeps_its_port(run: Run, tmp_path: Path) -> None:
    urls = []
    for _ in range(2):
        proc = run(**ELSEWHERE, WITH_SANDBOX="1", HOST="0.0.0.0")
        url = httpx.get(f"{address(proc)}/SANDBOX_URL").text
        urls.append(url)
        until(partial(answers, url), 20, what="answer of the practice platform")
        assert httpx.get(f"{url}/health").json() == {"status": "ok", "posts": 0}
        listens = psutil.Process(pid_of(tmp_path, "sandbox")).net_connections("tcp")
        assert {listener.laddr.ip for listener in listens if listener.status == psutil.CONN_LISTEN} == {
            "127.0.0.1"
        }  # it has no passwords
        proc.terminate()
        proc.communicate(timeout=30)
    assert urls[0] == urls[1]
    assert (tmp_path / "var" / "sandbox" / "journal.jsonl").exists()


@pytest.mark.kill
def test_a_dead_server_comes_back_and_nothing_else_stops(run: Run, tmp_path: Path) -> None:
    proc = run(REDIS_URL="x")
    url = address(proc)
    names = {"postgres", "seaweed", "studio", "worker"}
    before = children(tmp_path, names)
    assert httpx.get(f"{url}/asked").text == "ok"
    assert proc.stderr is not None
    for name, called in (("postgres", "Postgres"), ("seaweed", "SeaweedFS")):
        before[name].kill()
        line = proc.stderr.readline()
        assert line.startswith(f"{called} ended by itself; starting it again in 0.5 s. Its log: ")
    until = time.monotonic() + 60
    while time.monotonic() < until and {pid_of(tmp_path, name) for name in names} & {
        before["postgres"].pid,
        before["seaweed"].pid,
    }:
        time.sleep(0.05)
    after = children(tmp_path, names)
    assert {name for name in names if after[name] != before[name]} == {"postgres", "seaweed"}
    assert all(process.is_running() for process in after.values())
    assert httpx.get(f"{url}/asked").text == "ok"
    storage = httpx.get(f"{url}/S3_ENDPOINT").text
    assert httpx.get(f"{storage}/assets/_health").status_code == 403
    proc.send_signal(signal.SIGTERM)
    assert proc.wait(30) == 0
    assert not [name for name, process in after.items() if process.is_running()]


@pytest.mark.kill
def test_a_server_that_does_not_start_says_why_until_it_is_mended(run: Run, tmp_path: Path) -> None:
    proc = run(**{name: url for name, url in ELSEWHERE.items() if name != "REDIS_URL"})
    address(proc)
    running = children(tmp_path, {"valkey", "studio", "worker"})
    config = tmp_path / "var" / "valkey" / "valkey.conf"
    good = config.read_text()
    config.write_text("no such setting\n")
    running["valkey"].kill()
    assert proc.stderr is not None
    assert proc.stderr.readline().startswith("Valkey ended by itself; starting it again in 0.5 s.")
    assert proc.stderr.readline().startswith("Valkey did not start; starting it again in 1 s.")
    while "Bad directive" not in (line := proc.stderr.readline()):
        assert line
    config.write_text(good)
    until(lambda: pid_of(tmp_path, "valkey") != running["valkey"].pid, 30, what="a Valkey that starts")
    assert all(running[name].is_running() for name in ("studio", "worker"))


@pytest.mark.kill
def test_a_dead_page_comes_back_and_nothing_else_stops(run: Run, tmp_path: Path) -> None:
    proc = run(**ELSEWHERE)
    url = address(proc)
    before = children(tmp_path, {"studio", "worker"})
    before["studio"].kill()
    assert proc.stderr is not None
    assert proc.stderr.readline().startswith("studio ended (code -9); starting it again in 1 s.")
    until(lambda: answers(url), 30, what="the page's return")
    assert pid_of(tmp_path, "studio") != before["studio"].pid
    assert before["worker"].is_running()


def test_a_page_that_never_answered_ends_everything_with_its_log(run: Run) -> None:
    proc = run(**ELSEWHERE, FAKE_PAGE="raise SystemExit('no such module')")
    _, errors = proc.communicate(timeout=60)
    assert proc.returncode == 1
    assert "studio ended (code 1). The end of its log" in errors
    assert "no such module" in errors


def test_a_taken_port_is_said_before_anything_starts(run: Run, tmp_path: Path) -> None:
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        number = occupied.getsockname()[1]
        proc = run(PORT=str(number))
        _, errors = proc.communicate(timeout=60)
    assert proc.returncode == 1
    assert f"Port {number}" in errors
    assert f"make run PORT={number + 1}" in errors
    assert not (tmp_path / "var" / "pg").exists()


def test_a_second_ctrl_c_does_not_wait_for_a_stubborn_worker(run: Run, tmp_path: Path) -> None:
    stubborn = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(99)"
    proc = run(FAKE_WORKER=stubborn, **ELSEWHERE)
    address(proc)
    children(tmp_path, {"worker"})
    log = tmp_path / "var" / "log" / "worker.log"
    while "ready" not in log.read_text():
        time.sleep(0.02)
    proc.send_signal(signal.SIGTERM)
    assert proc.stderr is not None
    assert "Stopping" in proc.stderr.readline()
    proc.send_signal(signal.SIGTERM)
    assert proc.wait(30) == 0

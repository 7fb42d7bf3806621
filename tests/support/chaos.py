"""A whole studio (`make run`) whose processes can be found, killed and frozen by name, and what is left of it afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import httpx
import psutil

from backend.app import App
from backend.bootstrap import bootstrap
from backend.errors import Unavailable
from backend.kit.ids import new_id
from backend.settings import Settings
from ops.local_stack import ports, seaweed, valkey
from ops.local_stack.run_info import run_info
from tests.factories.account import Tenant
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
T = TypeVar("T")
FINAL_WORDS = ("completed", "failed", "cancelled")


@dataclass
class Studio:
    """`base`: everything it writes, temporary files too. `said`: the supervisor's own lines."""

    base: Path
    env: dict[str, str] = field(default_factory=dict)
    proc: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port = ports.choose(["studio"], last={})["studio"]
        self.url = f"http://127.0.0.1:{self.port}"
        self.var, self.temporary = self.base / "var", self.base / "tmp"
        self.temporary.mkdir(mode=0o1777)
        self.temporary.chmod(0o1777)

    def start(self) -> None:
        """Returns once its page answers."""
        outside = ("DATABASE_", "WORKER_DATABASE", "REDIS_", "S3_", "SANDBOX_", "COMFYUI_", "OPENROUTER_")
        env = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
        env |= {"STUDIO_DATA": str(self.var), "PORT": str(self.port), "PUBLIC_URL": "", "TMPDIR": str(self.temporary)}
        with (self.base / "supervisor.log").open("ab") as log:
            argv = [sys.executable, "-m", "ops.local_stack"]
            self.proc = subprocess.Popen(argv, cwd=ROOT, env=env | self.env, stdout=log, stderr=subprocess.STDOUT)
        self.well(seconds=600)

    def well(self, *, seconds: float = 600.0) -> float:
        """Waits until its health is ok; how long that took."""
        started_at = time.monotonic()
        try:
            until(lambda: self.health().get("status") == "ok", seconds, what="a studio that is well")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.health()}\n{self.said[-4000:]}") from None
        return time.monotonic() - started_at

    def health(self) -> dict[str, Any]:
        try:
            return dict(httpx.get(f"{self.url}/health", timeout=10).json())
        except (httpx.HTTPError, ValueError):
            return {}

    @property
    def said(self) -> str:
        return (self.base / "supervisor.log").read_text()

    def stop(self) -> int:
        """In order. The exit code."""
        assert self.proc is not None
        self.proc.send_signal(signal.SIGTERM)
        return self.proc.wait(90)

    def find(self, name: str) -> psutil.Process | None:
        """A living process of that kind now; None: there is none at this moment."""
        if name == "supervisor":
            assert self.proc is not None
            return _alive(self.proc.pid)
        if name in ("engine child", "backend"):
            return self._below(*(("worker-gpu", "child_") if name == "engine child" else ("postgres", "postgres: studio_")))
        if name == "fork server":
            return self._below("supervisor", "ops.local_stack.fork_server", but={entry["pid"] for entry in self._children()})
        pids = (entry["pid"] for entry in self._children() if entry["name"] == name)
        return next((process for pid in pids if (process := _alive(pid))), None)

    def _children(self) -> list[dict[str, Any]]:
        with suppress(OSError, ValueError):
            return list(json.loads((self.var / "run.json").read_text()).get("children", []))
        return []

    def _below(self, name: str, words: str, *, but: Collection[int] = ()) -> psutil.Process | None:
        above = self.find(name)
        with suppress(psutil.Error):
            for process in above.children(recursive=True) if above else []:
                if words in " ".join(process.cmdline()) and process.pid not in but:
                    return process
        return None

    def ours(self) -> list[psutil.Process]:
        """Every process that was started by it or by what it started, whoever its parent is now."""
        processes = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("TMPDIR") == str(self.temporary) and process.status() != psutil.STATUS_ZOMBIE:
                    processes.append(process)
        return processes

    def left_folders(self) -> list[str]:
        """Of ours: torch keeps a folder for what it compiles, one for all of its processes."""
        folders = (path.name for path in self.temporary.iterdir() if path.is_dir())
        return sorted(name for name in folders if not name.startswith("torchinductor_"))

    def app(self) -> App:
        """The studio's own way to its servers."""
        stored_secrets, run = (
            json.loads((self.var / "secrets.json").read_text()),
            json.loads((self.var / "run.json").read_text()),
        )
        values: dict[str, Any] = {
            "DATABASE_URL": run_info(self.var).database_url,
            "REDIS_URL": valkey.url(run["ports"]["valkey"], stored_secrets["VALKEY_PASSWORD"]),
            "S3_ENDPOINT": seaweed.endpoint(run["ports"]["s3.port"]),
            "S3_KEY": "studio",
            "S3_SECRET": stored_secrets["S3_SECRET"],
            "SECRET_KEYS": stored_secrets["SECRET_KEYS"],
            "SANDBOX_URL": f"http://127.0.0.1:{run['ports']['sandbox']}",
            "STUDIO_DATA": self.var,
        }
        return bootstrap(Settings.read(env_file=None, **values), role="studio")


@contextmanager
def studio(folder: Path | None = None, **env: str) -> Iterator[Studio]:
    """Starts a studio; at the end nothing of it is left running. `folder`: instead of a temporary one."""
    base = folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    base.chmod(0o755)
    running_studio = Studio(base, env)
    try:
        running_studio.start()
        yield running_studio
    finally:
        if running_studio.proc is not None and running_studio.proc.poll() is None:
            running_studio.proc.terminate()
            with suppress(subprocess.TimeoutExpired):
                running_studio.proc.wait(60)
            running_studio.proc.kill()
            running_studio.proc.wait()
        for process in running_studio.ours():
            with suppress(psutil.Error):
                process.kill()
        if folder is None:
            shutil.rmtree(base, ignore_errors=True)


@dataclass
class Person:
    """Orders work over the API as a browser does; an order counts once it was acknowledged."""

    studio: Studio
    tenant: Tenant
    orders: dict[str, str] = field(default_factory=dict)
    """Job id -> its type."""

    def __post_init__(self) -> None:
        headers = {"Origin": self.studio.url, "X-Workspace": self.tenant.id}
        self.browser = httpx.Client(
            base_url=self.studio.url, cookies={"studio_sid": self.tenant.token}, headers=headers, timeout=30
        )

    def order(self, kind: str, payload: dict[str, Any]) -> str:
        """A job of that type. Its id."""
        return self.order_at("/api/jobs", {"type": kind, "payload": payload}, kind, lambda answer: answer["id"])

    def order_at(self, path: str, body: dict[str, Any], kind: str, job_id_of: Callable[[Any], str]) -> str:
        """With one key until it is acknowledged: whatever was lost on the way, it is one job. `job_id_of`: reads the answer."""
        key = new_id("key")

        def asked() -> str:
            try:
                answer = self.browser.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.HTTPError:
                return ""
            still_runs = answer.status_code == 409 and "still runs" in answer.text
            assert answer.status_code < 300 or answer.status_code >= 500 or still_runs, answer.text
            return str(job_id_of(answer.json())) if answer.status_code < 300 else ""

        job_id = until(asked, 180, what=f"acknowledgement of {kind}")
        self.orders[job_id] = kind
        return job_id


def persist(act: Callable[[], T], *, seconds: float = 120.0) -> T:
    """Calls `act` until the database answers. Raises the last error after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            return act()
        except Unavailable:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def spread(dice: Random, weights: dict[str, int], kills: int) -> list[str]:
    """`kills` names in the proportion of `weights`, in any order."""
    whole = sum(weights.values())
    names = [name for name, weight in weights.items() for _ in range(round(weight * kills / whole))]
    dice.shuffle(names)
    return names


def _alive(pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None

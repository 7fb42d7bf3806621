"""Health never raises; bad news is an answer with a sentence."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
import redis
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.testclient import TestClient

from backend import api, health
from backend.api import probes
from backend.app import App
from backend.db.tables import Device, Worker
from backend.db.transactions import SystemCaller
from backend.errors import Unavailable


class Broken:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("out of order")


def by_name(app: App) -> dict[str, health.Check]:
    return {check.name: check for check in health.check(app)}


def probe(app: App, client: tuple[str, int] = ("127.0.0.1", 1), **settings: Any) -> TestClient:
    changed = replace(app, settings=app.settings.replace(**settings))
    return TestClient(Starlette(routes=[*api.probe_routes(lambda: changed)]), client=client)


def test_details_are_for_this_machine_or_for_a_token(app: App) -> None:
    said = probe(app).get("/health").json()
    assert said["diskFreeBytes"] > 0
    details = {part["name"]: part for part in said["details"]}
    assert details["Database"]["version"].startswith("Postgres 1")
    assert "workers.main" in details["Workers"]["detail"]
    public = probe(app, ("192.168.1.9", 1)).get("/health").json()
    assert said.keys() - public.keys() == {"details", "diskFreeBytes"}
    for name in ("forwarded", "x-forwarded-for"):
        assert "details" not in probe(app).get("/health", headers={name: "for=127.0.0.1"}).json()
    guarded = probe(app, ("192.168.1.9", 1), METRICS_TOKEN="let-me-read")
    assert "details" not in guarded.get("/health").json()
    assert "details" in guarded.get("/health", headers={"authorization": "Bearer let-me-read"}).json()


def test_while_postgres_is_away_health_answers_and_says_so(app: App) -> None:
    def no_app() -> App:
        raise Unavailable("The database does not answer.")

    answers = TestClient(Starlette(routes=[*api.probe_routes(no_app)]))
    said = answers.get("/health")
    assert (said.status_code, said.json()["status"], said.json()["database"]) == (200, "degraded", "disconnected")
    assert answers.get("/ready").status_code == 503


def test_while_a_server_hangs_health_answers_and_says_so(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes starts a studio that does not answer again, and a new start would not help."""
    hangs = threading.Event()
    monkeypatch.setattr(probes, "_ANSWER_WITHIN_S", 0.05)
    monkeypatch.setattr(health, "check", lambda *_, **__: hangs.wait(10) and [])
    said = probe(app).get("/health")
    hangs.set()
    assert (said.status_code, said.json()["status"], said.json()["database"]) == (200, "degraded", "disconnected")


def test_living_servers_tell_their_versions(app: App) -> None:
    checks = by_name(app)
    assert checks["Database"].ok
    assert checks["Database"].version.startswith("Postgres 1")
    assert checks["Redis"].version.startswith("Valkey")
    assert checks["Storage"].ok
    assert checks["Disk"].detail.split()[1] == "of"
    assert not checks["Workers"].ok


def test_what_is_broken_does_not_hide_the_rest(app: App) -> None:
    away = redis.Redis(port=9, socket_connect_timeout=0.2)
    broken = replace(app, redis=away, make_storage=lambda: Broken(), make_engines=lambda: Broken())
    checks = by_name(broken)
    assert checks["Database"].ok
    for name in ("Redis", "Storage", "Image engine", "Trainer"):
        assert not checks[name].ok
        assert checks[name].detail.endswith(".")


def test_a_full_disk_is_said_with_what_to_do(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.kit.disk.free", lambda folder: (1024, 10 * 1024**3))
    answers = probe(app).get("/health").json()
    assert (answers["status"], answers["disk"], answers["diskFreeBytes"]) == ("degraded", "full", 1024)
    disk = by_name(app)["Disk"]
    assert not disk.ok
    assert "The disk is full. Free some space" in disk.detail


def test_workers_and_devices_are_listed(app: App, worker_app: App) -> None:
    with worker_app.db.transaction(SystemCaller("")) as tx:
        for n, queues in enumerate((["cpu", "net"], ["gpu"])):
            tx.execute(insert(Worker).values(id=f"wrk_{n}", host="studio-1", pid=n, queues=queues, version="0.1.0"))
        tx.execute(insert(Device).values(id="studio-1/cpu", host="studio-1", name="cpu", engines={"image": "diffusers"}))
        both, away = {"image": "http://gpu2:8188", "trainer": "kohya"}, {"image": "It does not answer."}
        tx.execute(insert(Device).values(id="studio-2/cpu", host="studio-2", name="cpu", engines=both, down=away))
    assert by_name(app)["Workers"].ok
    assert [worker.queues for worker in health.workers(app)] == [["cpu", "net"], ["gpu"]]
    device, half = health.devices(app)
    assert (device.id, device.state, device.engines) == ("studio-1/cpu", "free", {"image": "diffusers"})
    assert (half.state, half.reason) == ("partly down", "image: It does not answer.")

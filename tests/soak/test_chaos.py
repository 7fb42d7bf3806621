"""Every kind of process of a running studio is killed again and again while work is ordered and posts come due. `make soak`.

An hour of all kinds of work; CHAOS_KILLS, CHAOS_SECONDS, CHAOS_ORDERS, CHAOS_POSTS, CHAOS_SEED change its size. The last line
of each test is JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from backend.db.tables import Job
from ops.backup.encryption import new_key
from tests.servers.webhook_receiver import Reply, receiving
from tests.soak.chaos_campaign import QUICK, WORK, Campaign
from tests.support.chaos import ROOT, Studio, persist, spread, studio
from tests.support.wait import until

# A connection to a server that was killed is closed when Python finds it, with a warning that is no fault here
pytestmark = [pytest.mark.kill, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
KILLS = int(os.environ.get("CHAOS_KILLS", "320"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "3600"))
ORDERS = int(os.environ.get("CHAOS_ORDERS", "400"))
POSTS = int(os.environ.get("CHAOS_POSTS", "300"))
SEED = int(os.environ.get("CHAOS_SEED", "7"))
FULL_S, DISK_MB = float(os.environ.get("CHAOS_FULL_S", "60")), int(os.environ.get("CHAOS_DISK_MB", "700"))
DRAIN_S = float(os.environ.get("CHAOS_DRAIN_S", "2400"))
VICTIMS = {
    "worker-gpu": 19, "worker-cpu": 13, "engine child": 10, "postgres": 8, "backend": 8, "seaweed": 7, "valkey": 6,
    "sandbox": 5, "studio": 4, "backup": 3, "mail": 2, "supervisor": 2, "fork server": 2,
}  # fmt: skip


def test_every_kind_of_process_is_killed_and_nothing_is_lost(tmp_path: Path) -> None:
    dice = Random(SEED)
    target, key_file = tmp_path / "backups", tmp_path / "key.txt"
    target.mkdir()
    secret, recipient = new_key()
    key_file.write_text(secret)
    with studio(**QUICK, BACKUP_TARGET=str(target), BACKUP_RECIPIENT=recipient) as ours, receiving() as receiver:
        receiver.choose = lambda _: Reply(503) if dice_of_receiver.random() < 0.2 else None
        dice_of_receiver = Random(SEED + 1)
        app = ours.app()
        campaign = Campaign(ours, app, receiver)
        posts = [campaign.publishing_rig.plan("sandbox", "carousel" if n % 5 == 0 else "picture", n) for n in range(POSTS)]
        dice.shuffle(posts)
        orders = spread(dice, WORK, ORDERS)
        victims = spread(dice, VICTIMS, KILLS)
        killed: Counter[str] = Counter()
        restarted: list[float] = []
        began = time.monotonic()
        for n, victim in enumerate(victims):
            until(lambda n=n: time.monotonic() - began >= SECONDS * (n + 1) / len(victims), SECONDS, what="the next kill")  # type: ignore[misc]
            killed[_kill(ours, victim)] += 1
            if ours.proc is not None and ours.proc.poll() is not None:
                at = time.monotonic()
                ours.proc.wait()
                ours.start()
                restarted.append(round(time.monotonic() - at, 1))
            while len(posts) > POSTS * (len(victims) - n - 1) // len(victims):
                persist(partial(campaign.publishing_rig.make_due, posts.pop()))
            while len(orders) > ORDERS * (len(victims) - n - 1) // len(victims):
                kind = orders.pop()
                campaign.order(kind if campaign.can_order(kind) else "image-generation", len(orders))
        took = time.monotonic() - began
        well_s = ours.well()
        until(lambda: not campaign.left(), DRAIN_S, what=f"the end of all work ({campaign.left()})")
        drained_s = time.monotonic() - began - took
        figures = campaign.figures() | campaign.delivered()
        app.close()
        stopped = ours.stop()
        figures |= campaign.published()
        figures |= {
            "kills": sum(killed.values()), "killed": dict(killed), "seconds": round(took), "seed": SEED,
            "well_again_s": round(well_s, 1), "supervisor_back_s": restarted, "drained_s": round(drained_s),
            "stopped": stopped, "orphans": len(ours.ours()), "left_folders": ours.left_folders(),
            **_verified(ours, target, key_file),
        }  # fmt: skip
        print("\n" + json.dumps(figures))
        report = json.dumps(figures, indent=1) + ours.said[-4000:]
        assert (figures["orders_lost"], figures["orders_stuck"], figures["failed_by_another_rule"]) == (0, 0, 0), report
        assert len(figures["failed"]) <= max(1, ORDERS // 60), report
        assert (figures["posts_once"], figures["posts_twice"], figures["posts_missing"]) == (POSTS, 0, 0), report
        assert (figures["completed_twice"], figures["pictures_twice"], figures["cards_held"]) == (0, 0, 0), report
        assert (figures["webhooks_lost"], figures["webhooks_altered"], figures["events_twice"]) == (0, 0, 0), report
        assert (figures["runs_twice"], figures["backup_verified"]) == (0, True), report
        assert (figures["objects_wrong"], figures["orphans"], figures["left_folders"], stopped) == (0, 0, [], 0), report


def _verified(ours: Studio, target: Path, key_file: Path) -> dict[str, Any]:
    """The newest backup that the killed studio made, read whole with its key, as an operator does."""
    argv = [sys.executable, "-m", "ops.backup", "verify"]
    env = {**os.environ, "STUDIO_DATA": str(ours.var), "BACKUP_TARGET": str(target), "BACKUP_KEY_FILE": str(key_file)}
    answer = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True)
    return {"backup_verified": answer.returncode == 0, "backup": (answer.stdout + answer.stderr).strip()[-300:]}


def _kill(ours: Studio, victim: str) -> str:
    """The kind that died: the worker, where there is no engine's child at this moment; a worker, too, where the fork server has
    died already, because it is started again with the next fork."""
    process = ours.find(victim)
    if process is None and victim == "engine child":
        with suppress(AssertionError):
            process = until(lambda: ours.find(victim), 10, what="an engine's child")
    if process is None:
        victim = {"engine child": "worker-gpu", "backend": "postgres", "fork server": "worker-cpu"}.get(victim, victim)
        process = until(lambda: ours.find(victim), 90, what=f"a process of {victim}")
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)
    if victim == "supervisor":
        assert ours.proc is not None
        ours.proc.wait(30)
    return victim


def test_a_frozen_worker_is_ended_and_replaced() -> None:
    """SIGSTOP, as a debugger, a suspended machine or a deadlock would: first among pictures, then in mid-publishing."""
    with studio(**QUICK, JOB_LEASE_S="5") as ours:
        app = ours.app()
        campaign = Campaign(ours, app)
        posts = [campaign.publishing_rig.plan("sandbox", "picture", n) for n in range(12)]
        for n in range(4):
            campaign.order("image-generation", n)
        replaced: dict[str, float] = {}
        for name, due in (("worker-gpu", posts[:4]), ("worker-cpu", posts[4:])):
            frozen = until(lambda name=name: ours.find(name), 60, what=f"a process of {name}")  # type: ignore[misc]
            campaign.publishing_rig.make_due(*due)
            until(lambda: _under_way(campaign), 60, what="work that is under way")
            frozen.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            until(lambda frozen=frozen: not frozen.is_running(), 240, what=f"the end of the frozen {name}")  # type: ignore[misc]
            replaced[name] = round(time.monotonic() - began, 1)
        ours.well()
        until(lambda: not campaign.left(), DRAIN_S, what="the end of all work")
        figures = campaign.figures()
        app.close()
        ours.stop()
        figures |= campaign.published() | {"ended_after_s": replaced}
        print("\n" + json.dumps(figures))
        assert ours.said.count("has not answered for") == 2, ours.said
        assert (figures["orders_completed"], figures["posts_once"], figures["posts_twice"]) == (4, 12, 0), figures
        assert (figures["completed_twice"], figures["pictures_twice"]) == (0, 0), figures


def _under_way(campaign: Campaign) -> bool:
    with campaign.app.db.transaction(campaign.tenant.caller) as tx:
        return tx.scalar(select(Job.id).where(Job.state == "processing").limit(1)) is not None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", place], capture_output=True, text=True
        )
    except FileNotFoundError:
        pytest.skip("There is no mount program here, which a small disk needs.")
    if mounted.returncode:
        pytest.skip(f"A small disk could not be mounted here ({mounted.stderr.strip()}); as root it can.")
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(folder.stat().st_mode | 0o011)  # Postgres is run by another account
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_said_and_everything_goes_on_when_there_is_room(small_disk: Path) -> None:
    with studio(small_disk, **QUICK, JOB_RETRY_DELAYS_S="5,25,600") as ours:
        app = ours.app()
        campaign = Campaign(ours, app)
        posts = [campaign.publishing_rig.plan("sandbox", "picture", n) for n in range(6)]
        campaign.publishing_rig.files_prepared()
        for n in range(4):
            campaign.order("image-generation", n)
        _fill(small_disk / "fill")
        campaign.publishing_rig.make_due(*posts)
        until(lambda: ours.health().get("disk") == "full", 60, what="a health that says so")
        health = ours.health()
        threading.Event().wait(FULL_S)
        (small_disk / "fill").unlink()
        began = time.monotonic()
        ours.well()
        well_s = time.monotonic() - began
        until(lambda: not campaign.left(), 600, what="the end of all work")
        done_s = time.monotonic() - began
        figures = campaign.figures()
        app.close()
        ours.stop()
        figures |= campaign.published() | {"health": health, "well_again_s": round(well_s), "all_done_s": round(done_s)}
        print("\n" + json.dumps(figures))
        assert health["status"] == "degraded"
        assert (figures["orders_completed"], figures["posts_once"], figures["posts_twice"]) == (4, 6, 0), figures
        assert figures["objects_wrong"] == 0, figures


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 1_000_000)

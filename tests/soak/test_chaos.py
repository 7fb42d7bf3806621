"""Every kind of process of a running studio is killed again and again while work is ordered and posts come due. `make soak`.

CHAOS_KILLS, CHAOS_SECONDS, CHAOS_ORDERS, CHAOS_POSTS, CHAOS_SEED change its size. The last line of each test is JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import select

from backend.app import App
from backend.db.tables import Asset, Device, EventRow, Job, Picture, Post
from backend.engines.local.starter_model import characters
from backend.errors import StudioError
from backend.kit.clock import now
from ops.sandbox_platform.store import SandboxStore
from tests.factories.account import Tenant, make_workspace
from tests.factories.making import make_dataset
from tests.support.chaos import FINAL_WORDS, Person, Studio, persist, spread, studio
from tests.support.publishing import ENDED, PublishingRig
from tests.support.wait import until
from tests.workers.test_training import add_picture

# A connection to a server that was killed is closed when Python finds it, with a warning that is no fault here
pytestmark = [pytest.mark.kill, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
KILLS = int(os.environ.get("CHAOS_KILLS", "82"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "660"))
ORDERS = int(os.environ.get("CHAOS_ORDERS", "125"))
POSTS = int(os.environ.get("CHAOS_POSTS", "130"))
SEED = int(os.environ.get("CHAOS_SEED", "7"))
FULL_S, DISK_MB = float(os.environ.get("CHAOS_FULL_S", "60")), int(os.environ.get("CHAOS_DISK_MB", "700"))
DRAIN_S = float(os.environ.get("CHAOS_DRAIN_S", "2400"))
VICTIMS = {
    "worker-gpu": 19, "worker-cpu": 13, "engine child": 10, "postgres": 8, "backend": 8, "seaweed": 7, "valkey": 6,
    "sandbox": 5, "studio": 4, "supervisor": 2,
}  # fmt: skip
WORK = {"image-generation": 80, "content-generation": 20, "content-plan": 12, "content-ideas": 8, "lora-training": 5}
QUICK = {
    "ENGINE_DEVICE": "cpu", "ENGINE_THREADS": "1", "OMP_NUM_THREADS": "1", "PLATFORM_POLL_S": "1", "PLATFORM_SETTLE_S": "20",
    "POST_RETRY_DELAYS_S": "5,15,30,60,60,60,60,60,60,60", "QUEUE_CONCURRENCY_PUBLISHING": "8", "MAX_CONCURRENT_JOBS": "50",
}  # fmt: skip


class Campaign:
    """What is ordered, and what must have become of it."""

    def __init__(self, ours: Studio, app: App) -> None:
        self.studio, self.app = ours, app
        self.tenant: Tenant = make_workspace(app.db)
        self.person = Person(ours, self.tenant)
        self.publishing_rig = PublishingRig(app, self.tenant, {"sandbox": None})
        # As a person does on the practice platform's page: an account may publish 50 times a day there, as on Instagram
        switches, form = f"{app.settings.sandbox.url}/switches", {"act": "set", "quota_total": "10000"}
        answer = httpx.post(switches, data=form, headers={"Origin": str(app.settings.sandbox.url)})
        assert answer.status_code == 303, answer.text
        with app.db.transaction(self.tenant.caller) as tx:
            self.dataset_id = make_dataset(tx, images=0)
            for path in sorted(characters()[0].folder.glob("*.jpg"))[:8]:
                add_picture(tx, app, self.dataset_id, path)
        self.datasets = 0

    def payload(self, kind: str, n: int) -> dict[str, Any]:
        influencer = {"influencerId": self.publishing_rig.influencer_id}
        match kind:
            case "image-generation":
                return {"prompt": f"portrait number {n}", "n": 1 + n % 2, "steps": 6}
            case "content-generation":
                return {**influencer, "contentType": "instagram-post", "topic": f"a morning, number {n}"}
            case "content-plan":
                first = (now() + timedelta(days=2 + n)).date().isoformat()
                channels = [self.publishing_rig.channels["sandbox"]]
                return {**influencer, "first": first, "days": 1, "clocks": ["18:30"], "channelIds": channels, "pictures": 1}
            case "content-ideas":
                return {**influencer, "days": 3}
        params = {"steps": 24, "saveEvery": 6, "sampleEvery": 0, "batch": 1, "priorWeight": 0}
        return {"datasetId": self.dataset_id, "name": f"lora-{n}", "params": params}

    def left(self) -> str:
        """What is still to be done, in words; "" when that is nothing."""
        try:
            with self.app.db.transaction(self.tenant.caller) as tx:
                open_jobs = Counter(tx.scalars(select(Job.kind).where(Job.state.not_in(FINAL_WORDS), Job.kind != "upkeep")))
                ours = Post.id.in_(self.publishing_rig.captions), Post.state.not_in(ENDED)
                posts = Counter(tx.scalars(select(Post.state).where(*ours)))
        except StudioError as error:
            return error.message
        return ", ".join(f"{n} {what}" for what, n in [*open_jobs.items(), *posts.items()])

    def figures(self) -> dict[str, Any]:
        """Read while the studio runs and nothing is left to do."""
        with self.app.db.transaction(self.tenant.caller) as tx:
            jobs = {job.id: job for job in tx.scalars(select(Job))}
            assets = tx.execute(select(Asset.key, Asset.size_bytes).where(Asset.state == "stored")).all()
            states = Counter(tx.scalars(select(Post.state).where(Post.id.in_(self.publishing_rig.captions))))
            completions = Counter(tx.scalars(select(EventRow.noun_id).where(EventRow.kind == "job.completed")))
            drawn = Counter((asked, n) for asked, n in tx.execute(select(Picture.generation_id, Picture.n)))
            held = tx.scalars(select(Device.id).where(Device.held_by.is_not(None))).all()
        ordered = [jobs[job_id] for job_id in self.person.orders if job_id in jobs]
        failed = [job for job in ordered if job.state != "completed"]
        return {
            "orders": len(self.person.orders),
            "orders_lost": len(self.person.orders) - len(ordered),
            "orders_stuck": sum(job.state not in FINAL_WORDS for job in ordered),
            "orders_completed": sum(job.state == "completed" for job in ordered),
            "failed": [f"{job.kind}: {job.error_code}: {job.error_message}" for job in failed],
            "failed_by_another_rule": sum(not _by_the_rule(job, jobs) for job in failed),
            "completed_twice": sum(times > 1 for times in completions.values()),
            "pictures_twice": sum(times > 1 for times in drawn.values()),
            "cards_held": len(held),
            "objects": len(assets),
            "objects_wrong": sum(not self._whole(key, size) for key, size in assets),
            "posts": len(self.publishing_rig.captions),
            "post_states": {str(state): n for state, n in states.items()},
        }

    def _whole(self, key: str, size: int) -> bool:
        try:
            return self.app.storage.stat(key).size == size
        except StudioError:
            return False

    def published(self) -> dict[str, int]:
        """By the platform's own journal."""
        store = SandboxStore(self.studio.var / "sandbox")
        store.close()
        seen = Counter(post.caption for post in store.posts)
        wanted = list(self.publishing_rig.captions.values())
        return {
            "posts_once": sum(seen[caption] == 1 for caption in wanted),
            "posts_twice": sum(seen[caption] > 1 for caption in wanted),
            "posts_missing": sum(seen[caption] == 0 for caption in wanted),
        }


def _by_the_rule(job: Job, jobs: dict[str, Job]) -> bool:
    """Killed three times within an hour without a finished step, itself or a part of it; the page says so."""
    says_so = "was killed 3 times within an hour, without a finished step" in (job.error_message or "")
    return says_so and (job.error_code in ("worker_lost", "process_killed") or (job.error_code or "").startswith("child_"))


def test_every_kind_of_process_is_killed_and_nothing_is_lost() -> None:
    dice = Random(SEED)
    with studio(**QUICK) as ours:
        app = ours.app()
        campaign = Campaign(ours, app)
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
                campaign.person.order(kind, campaign.payload(kind, len(orders)))
        took = time.monotonic() - began
        well_s = ours.well()
        until(lambda: not campaign.left(), DRAIN_S, what=f"the end of all work ({campaign.left()})")
        drained_s = time.monotonic() - began - took
        figures = campaign.figures()
        app.close()
        stopped = ours.stop()
        figures |= campaign.published()
        figures |= {
            "kills": sum(killed.values()), "killed": dict(killed), "seconds": round(took), "seed": SEED,
            "well_again_s": round(well_s, 1), "supervisor_back_s": restarted, "drained_s": round(drained_s),
            "stopped": stopped, "orphans": len(ours.ours()), "left_folders": ours.left_folders(),
        }  # fmt: skip
        print("\n" + json.dumps(figures))
        report = json.dumps(figures, indent=1) + ours.said[-4000:]
        assert (figures["orders_lost"], figures["orders_stuck"], figures["failed_by_another_rule"]) == (0, 0, 0), report
        assert len(figures["failed"]) <= max(1, ORDERS // 60), report
        assert (figures["posts_once"], figures["posts_twice"], figures["posts_missing"]) == (POSTS, 0, 0), report
        assert (figures["completed_twice"], figures["pictures_twice"], figures["cards_held"]) == (0, 0, 0), report
        assert (figures["objects_wrong"], figures["orphans"], figures["left_folders"], stopped) == (0, 0, [], 0), report


def _kill(ours: Studio, victim: str) -> str:
    """The kind that died: where there is no engine's child at this moment, its worker."""
    process = ours.find(victim)
    if process is None and victim == "engine child":
        with suppress(AssertionError):
            process = until(lambda: ours.find(victim), 10, what="an engine's child")
    if process is None:
        victim = {"engine child": "worker-gpu", "backend": "postgres"}.get(victim, victim)
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
            campaign.person.order("image-generation", campaign.payload("image-generation", n))
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
            campaign.person.order("image-generation", campaign.payload("image-generation", n))
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

"""A simulated week of daily content for two influencers; workers with their schedulers and the studio are killed at random.

Beside what the clock starts, a program starts runs at an automation's address and by hand, approves what waits in review and
reads how runs stand, all over the studio that is killed; it repeats each request with its key until it is answered.
"""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from sqlalchemy import func, select

from backend import access, automations, channels, content_plans
from backend.access import ApiKeyDraft
from backend.app import App
from backend.automations import AutomationDraft
from backend.content_plans import PlanFilters, RulesDraft
from backend.db.tables import EventRow, Post
from backend.kit.ids import new_id
from tests.e2e.conftest import free_port
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.servers.sandbox import SandboxServer
from tests.soak.studio_processes import StudioProcesses
from tests.support.databases import DatabaseUrls
from tests.support.processes import Workers
from tests.support.publishing import fast_publishing_environment
from tests.support.wait import until

DAYS, POSTS_A_DAY = 7, 2
SEED = int(os.environ.get("CHAOS_SEED", "19"))
KILLS_A_DAY, STUDIO_KILLS_A_DAY = 3, 2
PATIENCE_S = 240.0
A_WEEK = 24 * 60 * 7


@dataclass
class Program:
    """Of somebody else. `repeated`: how many requests had to be sent again."""

    studios: StudioProcesses
    key: str
    dice: random.Random
    repeated: int = 0
    runs: list[dict[str, Any]] = field(default_factory=list)
    """As the API described them when they had ended."""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str = "") -> Any:
        """The answer's JSON. A POST has one key, however often it is sent."""
        headers = {"authorization": f"Bearer {self.key}"}
        headers |= {"idempotency-key": key or new_id("key")} if method == "POST" else {}
        gives_up_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < gives_up_at:
            try:
                url = f"{self.studios.any_url(self.dice)}/api{path}"
                answer = httpx.request(method, url, json=body, headers=headers, timeout=30)
            except httpx.HTTPError:
                self.repeated += 1
                time.sleep(0.2)
                continue
            if answer.is_success:
                return answer.json()
            still_runs = answer.status_code == 409 and "still runs" in answer.text
            assert answer.status_code == 503 or still_runs, f"{method} {path}: {answer.status_code} {answer.text}"
            self.repeated += 1
            time.sleep(0.5)
        raise AssertionError(f"{method} {path} was not answered within {PATIENCE_S:.0f} s")

    def spend_day(self, day: int, automation_id: str, address: str, bella_id: str, nina_id: str) -> None:
        """Starts a run for each, approves their posts, and follows the runs to their ends."""
        call = partial(self.ask, "POST", address, {"influencerId": bella_id}, key=f"address-{day}")
        order = partial(self.ask, "POST", f"/automations/{automation_id}/run", {"influencerId": nina_id}, key=f"by-hand-{day}")
        [called], [ordered] = call()["runIds"], order()["data"]
        assert call()["runIds"] == [called]
        assert [run["id"] for run in order()["data"]] == [ordered["id"]]
        open_ids, gives_up_at = {called, ordered["id"]}, time.monotonic() + PATIENCE_S
        while open_ids:
            assert time.monotonic() < gives_up_at, f"runs of day {day} have not ended: {open_ids}"
            waiting = self.ask("GET", "/content-plans?status=in_review")["data"]
            if waiting:
                self.ask("POST", "/content-plans/approve", {"planIds": [plan["id"] for plan in waiting]})
            for run_id in sorted(open_ids):
                run = self.ask("GET", f"/automation-runs/{run_id}")
                if run["endedAt"]:
                    self.runs.append(run)
                    open_ids.remove(run_id)
            time.sleep(0.3)


@pytest.mark.kill
def test_a_week_of_daily_content_survives_kills(
    app: App,
    workers: Workers,
    workspace: Tenant,
    database_urls: DatabaseUrls,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """Each morning fires once for each influencer, each request starts one run, each post goes out once, and the summaries say
    what the platform saw."""
    dice, began = random.Random(SEED), time.monotonic()
    with SandboxServer(tmp_path / "sandbox") as sandbox:
        with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
            bella, nina = (
                make_influencer(tx, name, time_zone=zone) for name, zone in (("Bella", "Europe/Rome"), ("Nina", "Asia/Tokyo"))
            )
            for influencer in (bella, nina):
                channels.add_sandbox(tx, influencer.id)
                content_plans.save_rules(tx, influencer.id, RulesDraft(policy="auto"))  # type: ignore[arg-type]
            daily = automations.create(tx, daily_content()).id
        fast = fast_publishing_environment({"sandbox": sandbox}, environment)
        fast |= {"JOB_RETRY_DELAYS_S": "0.2", "JOB_LEASE_S": "2", "JOB_BEAT_S": "0.2", "JOB_TICK_S": "0.2"}
        studios = StudioProcesses({**environment, **fast}, tmp_path)
        port = free_port()
        with app.db.transaction(workspace.caller, needs="owner") as tx:
            scopes = ("automations:write", "posts:publish")
            program = Program(studios, access.create(tx, ApiKeyDraft(name="soak", scopes=scopes)).secret, random.Random(SEED))

        def start() -> None:
            workers.start("cpu,net,gpu", handlers="tests.support.automation_handlers", wait=False, **fast)

        def kill_worker() -> None:
            victim = dice.choice([process for process in workers.running if process.poll() is None])
            dice_pause(dice)
            victim.kill()
            start()

        def kill_studio() -> None:
            dice_pause(dice)
            studios.kill(port)
            studios.start(port)
            studios.wait_for(port)

        def ended(day: int) -> bool:
            """Whether all runs of the clock up to this day have."""
            with app.db.transaction(workspace.caller) as tx:
                cards = automations.runs(tx, daily, take=100).cards
                return sum(run.state == "completed" for run in cards) == 2 * day

        try:
            studios.start(port)
            studios.wait_for(port)
            start()
            start()
            extra = program.ask("POST", "/automations", extra_post())["id"]
            address = urlsplit(program.ask("POST", f"/automations/{extra}/hook")["address"]).path.removeprefix("/api")
            with ThreadPoolExecutor(1) as thread:
                for day in range(1, DAYS + 1):
                    move_clock(database_urls.owner, timedelta(days=day))
                    spending = thread.submit(program.spend_day, day, extra, address, bella.id, nina.id)
                    kills = [kill_worker] * KILLS_A_DAY + [kill_studio] * STUDIO_KILLS_A_DAY
                    for kill in dice.sample(kills, len(kills)):
                        kill()
                    until(partial(ended, day), 240, what=f"the runs of day {day}")
                    spending.result(PATIENCE_S * 3)
            listed = program.ask("GET", f"/automations/{extra}/runs?take=100")["data"]
        finally:
            studios.stop()
        with app.db.transaction(workspace.caller) as tx:
            runs = automations.runs(tx, daily, take=100).cards
            extra_runs = automations.runs(tx, extra, take=100).cards
            plans = content_plans.page(tx, PlanFilters(), take=500).cards
            states = dict(tx.execute(select(Post.state, func.count()).group_by(Post.state)).all())  # type: ignore[arg-type]
            notices = tx.scalar(select(func.count()).where(EventRow.kind == "automation.notice"))
        sent = [post.caption for post in sandbox.store.posts]
    published = sum(run.figures["published"] for run in [*runs, *extra_runs])
    print(
        f"{len(runs)} runs by the clock, {len(extra_runs)} by the program ({program.repeated} requests repeated), "
        f"{len(plans)} plans, {published} published, {len(workers.running) - 2} workers and {DAYS * STUDIO_KILLS_A_DAY} "
        f"studios killed, {time.monotonic() - began:.0f} s, seed {SEED}"
    )
    assert len(runs) == len(extra_runs) == 2 * DAYS
    assert {run.state for run in [*runs, *extra_runs]} == {"completed"}
    assert sorted(run.id for run in extra_runs) == sorted(run["id"] for run in program.runs) == sorted(r["id"] for r in listed)
    assert notices == len(runs) + len(extra_runs)
    assert published == len(plans) == len(sent) == 2 * DAYS * (POSTS_A_DAY + 1), states
    assert states == {"published": published}
    assert {run.summary for run in runs} == {f"{POSTS_A_DAY} posts published successfully."}
    assert {(run["status"], run["summary"]) for run in program.runs} == {("completed", "1 post published successfully.")}
    assert {step["status"] for run in program.runs for step in run["steps"]} == {"done"}


def daily_content() -> AutomationDraft:
    plan = {"kind": "plan-posts", "clocks": ["12:00", "18:00"], "wait_minutes": A_WEEK}
    publish = {"kind": "publish", "minutes_between": 0, "wait_minutes": A_WEEK}
    return AutomationDraft(
        name="Daily content",
        trigger={"kind": "cron", "cron": "0 9 * * *"},  # type: ignore[arg-type]
        steps=({"kind": "take-posts"}, plan, publish, {"kind": "notify"}),  # type: ignore[arg-type]
    )


def extra_post() -> dict[str, Any]:
    """An automation as a program saves it: one post, which somebody approves."""
    return {
        "name": "Extra post",
        "trigger": {"kind": "webhook"},
        "steps": [
            {"kind": "plan-posts", "clocks": ["15:00"], "waitMinutes": A_WEEK},
            {"kind": "review", "waitMinutes": A_WEEK},
            {"kind": "publish", "minutesBetween": 0, "waitMinutes": A_WEEK},
            {"kind": "notify"},
        ],
    }


def dice_pause(dice: random.Random) -> None:
    """A process dies at any moment of its day: nothing to wait for says when."""
    time.sleep(dice.uniform(0.1, 1.5))


def move_clock(owner_url: str, by: timedelta) -> None:
    """The clock of automations goes on from here, `by` ahead."""
    with psycopg.connect(owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION studio_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            f"$$ SELECT clock_timestamp() + interval '{by.total_seconds()} seconds' $$"
        )

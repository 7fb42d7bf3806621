"""A simulated week of daily content for two influencers, while workers with their schedulers are killed at random."""

from __future__ import annotations

import os
import random
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from backend import automations, channels, content_plans
from backend.app import App
from backend.automations import AutomationDraft
from backend.content_plans import PlanFilters, RulesDraft
from backend.db.tables import EventRow, Post
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.servers.sandbox import SandboxServer
from tests.support.databases import DatabaseUrls
from tests.support.processes import Workers
from tests.support.publishing import fast_publishing_environment
from tests.support.wait import until

DAYS, POSTS_A_DAY = 7, 2
SEED = int(os.environ.get("CHAOS_SEED", "19"))
KILLS_A_DAY = 3


@pytest.mark.kill
def test_a_week_of_daily_content_survives_kills(
    app: App,
    workers: Workers,
    workspace: Tenant,
    database_urls: DatabaseUrls,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """Each morning fires once for each influencer, each post goes out once, and the summaries say what the platform saw."""
    dice = random.Random(SEED)
    with SandboxServer(tmp_path / "sandbox") as sandbox:
        with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
            cards = [
                make_influencer(tx, name, time_zone=zone) for name, zone in (("Bella", "Europe/Rome"), ("Nina", "Asia/Tokyo"))
            ]
            for card in cards:
                channels.add_sandbox(tx, card.id)
                content_plans.save_rules(tx, card.id, RulesDraft(policy="auto"))  # type: ignore[arg-type]
            plan = {"kind": "plan-posts", "clocks": ["12:00", "18:00"], "wait_minutes": 24 * 60 * 7}
            publish = {"kind": "publish", "minutes_between": 0, "wait_minutes": 24 * 60 * 7}
            draft = AutomationDraft(
                name="Daily content",
                trigger={"kind": "cron", "cron": "0 9 * * *"},  # type: ignore[arg-type]
                steps=({"kind": "take-posts"}, plan, publish, {"kind": "notify"}),  # type: ignore[arg-type]
            )
            automation_id = automations.create(tx, draft).id
        fast = fast_publishing_environment({"sandbox": sandbox}, environment)
        fast |= {"JOB_RETRY_DELAYS_S": "0.2", "JOB_LEASE_S": "2", "JOB_BEAT_S": "0.2", "JOB_TICK_S": "0.2"}

        def start() -> None:
            workers.start("cpu,net,gpu", handlers="tests.support.automation_handlers", wait=False, **fast)

        def ended(day: int) -> bool:
            """Whether all runs up to this day have."""
            with app.db.transaction(workspace.caller) as tx:
                cards = automations.runs(tx, automation_id, take=100).cards
                return sum(run.state == "completed" for run in cards) == 2 * day

        start()
        start()
        for day in range(1, DAYS + 1):
            move_clock(database_urls.owner, timedelta(days=day))
            for _ in range(KILLS_A_DAY):
                victim = dice.choice([process for process in workers.running if process.poll() is None])
                dice_pause(dice)
                victim.kill()
                start()
            until(partial(ended, day), 240, what=f"the runs of day {day}")
        with app.db.transaction(workspace.caller) as tx:
            runs = automations.runs(tx, automation_id, take=100).cards
            plans = content_plans.page(tx, PlanFilters(), take=500).cards
            states = dict(tx.execute(select(Post.state, func.count()).group_by(Post.state)).all())  # type: ignore[arg-type]
            notices = tx.scalar(select(func.count()).where(EventRow.kind == "automation.notice"))
        sent = [post.caption for post in sandbox.store.posts]
    published = sum(run.figures["published"] for run in runs)
    print(f"{len(runs)} runs, {len(plans)} plans, {published} published, {len(workers.running) - 2} kills, seed {SEED}")
    assert len(runs) == 2 * DAYS
    assert {run.state for run in runs} == {"completed"}
    assert notices == len(runs)
    assert published == len(plans) == len(sent) == 2 * DAYS * POSTS_A_DAY, states
    assert states == {"published": published}
    assert all(run.summary == f"{POSTS_A_DAY} posts published successfully." for run in runs)


def dice_pause(dice: random.Random) -> None:
    """A worker dies at any moment of its day: nothing to wait for says when."""
    time.sleep(dice.uniform(0.1, 1.5))


def move_clock(owner_url: str, by: timedelta) -> None:
    """The clock of automations goes on from here, `by` ahead."""
    with psycopg.connect(owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION studio_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            f"$$ SELECT clock_timestamp() + interval '{by.total_seconds()} seconds' $$"
        )

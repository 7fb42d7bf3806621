"""How late posts are picked up: from the second they are due until a worker's hands have them, as `make run` has it set.

With nothing else on the calendar and with 10,000 posts waiting for later, in turn, on the same servers.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import event, text

from backend import content_plans
from backend.db.transactions import SystemCaller
from backend.kit.ids import new_id
from backend.publishing import claim_due
from tests.bench.servers import Studio, studio
from tests.factories.making import make_asset
from tests.factories.pictures import photo
from tests.factories.posts import Planner, local_time_ahead, make_planner
from tests.servers.sandbox import SandboxServer
from tests.support.wait import until

WAITING, POSTS, WITHIN_S, ROUNDS = 10_000, 40, 16.0, 3
INDEX = "ix_posts_due"


def run() -> dict[str, Any]:
    """Seconds, p95 of each round, the median of the rounds."""
    more = {"LOG_LEVEL": "WARNING", "PLATFORM_POLL_S": "0.2"}
    with sandbox() as platform, studio(SANDBOX_URL=platform.url, **more) as running_studio:
        planner = planned(running_studio)
        with worker(running_studio):
            measured(running_studio, planner, 4)  # warm: connections, the picture as it goes out
            few, many = [], []
            for _ in range(ROUNDS):
                few.append(measured(running_studio, planner, POSTS))
                fill(running_studio, planner)
                plan = explained(running_studio)
                many.append(measured(running_studio, planner, POSTS))
                empty(running_studio)
    ours, bare = (statistics.median(p95(start_lags) for start_lags, _ in rounds) for rounds in (many, few))
    start_lags = sorted(lag for lags, _ in many for lag in lags)
    return {
        "ratio": round(ours / bare, 3),
        "p95_s": round(ours, 3),
        "p95_with_none_waiting_s": round(bare, 3),
        "p50_s": round(start_lags[len(start_lags) // 2], 3),
        "worst_s": round(start_lags[-1], 3),
        "published_p95_s": round(statistics.median(p95(out) for _, out in many), 3),
        "waiting": WAITING,
        "n": POSTS * ROUNDS,
        "tick_s": running_studio.app.settings.jobs.tick_s,
        "claim": plan,
    }


def p95(lags: list[float]) -> float:
    return sorted(lags)[int(len(lags) * 0.95)]


@contextmanager
def sandbox() -> Iterator[SandboxServer]:
    with tempfile.TemporaryDirectory() as folder, SandboxServer(Path(folder)) as platform:
        platform.faults.quota_total = 100_000
        yield platform


@contextmanager
def worker(running_studio: Studio) -> Iterator[None]:
    """The light worker as the supervisor starts it."""
    argv = [sys.executable, "-m", "workers.main", "--queues", "cpu,net", "--tick", "--threads", "4"]
    env = {**os.environ, **running_studio.environment}
    with (running_studio.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(argv, env=env, cwd=Path(__file__).parents[2], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def planned(running_studio: Studio) -> Planner:
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id, running_studio.tenant.user_id)) as tx:
        planner = make_planner(tx)
        real = make_asset(tx, data=photo(1, size=(1080, 1080)), storage=running_studio.app.storage, width=1080, height=1080)
        return Planner(planner.influencer, planner.channel, real)


def measured(running_studio: Studio, planner: Planner, n: int) -> tuple[list[float], list[float]]:
    """Seconds from due until begun, and until published, of `n` posts that are due one after another."""
    trusted = SystemCaller(running_studio.tenant.id, running_studio.tenant.user_id)
    with running_studio.app.db.transaction(trusted) as tx:
        one_each = [(planner.variant(caption=new_id("c")),) for _ in range(n)]
        plans = [planner.plan(tx, wall=local_time_ahead(), topic=new_id("t"), variants=variants) for variants in one_each]
        content_plans.schedule(tx, [plan.id for plan in plans])
        ids = [plan.posts[0].id for plan in plans]
        dice = random.Random(n)
        for item_id in ids:
            at = "UPDATE posts SET due_at = clock_timestamp() + make_interval(secs => :s) WHERE id = :id"
            tx.execute(text(at), {"s": 1.0 + dice.uniform(0, WITHIN_S * n / POSTS), "id": item_id})

    def out() -> bool:
        time.sleep(0.5)  # asking costs Postgres time that the worker should have
        with running_studio.app.db.transaction(trusted) as tx:
            query = "SELECT state, phase, error FROM posts WHERE id = ANY(:ids) AND state <> 'published'"
            rows = tx.execute(text(query), {"ids": ids}).all()
        assert not [row for row in rows if row.error], rows[:3]
        return not rows

    until(out, 120, what="the posts")
    with running_studio.app.db.transaction(trusted) as tx:
        lags = """SELECT extract(epoch FROM min(a.created_at) - p.due_at), extract(epoch FROM p.published_at - p.due_at)
            FROM posts p JOIN post_attempts a ON a.post_id = p.id WHERE p.id = ANY(:ids) GROUP BY p.id"""
        rows = tx.execute(text(lags), {"ids": ids}).all()
    return [float(begun) for begun, _ in rows], [float(done) for _, done in rows]


def fill(running_studio: Studio, planner: Planner) -> None:
    """Posts scheduled for the next month."""
    plans = """INSERT INTO content_plans (id, tenant_id, influencer_id, topic, wall, zone, due_at, request_key)
        SELECT 'later_' || n, %(tenant)s, %(influencer)s, 'Later', at AT TIME ZONE 'UTC', 'UTC', at, 'later_' || n
        FROM (SELECT n, date_trunc('minute', clock_timestamp()) + interval '1 hour' + n * interval '4 min' AS at
              FROM generate_series(1, %(n)s) n) later"""
    insert = """INSERT INTO posts (id, tenant_id, plan_id, channel_id, state, caption, due_at)
        SELECT id, tenant_id, id, %(channel)s, 'scheduled', id, due_at FROM content_plans WHERE id LIKE 'later_%%'"""
    values = {
        "tenant": running_studio.tenant.id,
        "influencer": planner.influencer.id,
        "channel": planner.channel.id,
        "n": WAITING,
    }
    with psycopg.connect(running_studio.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute(plans, values)
        owner.execute(insert, values)
        owner.execute("VACUUM ANALYZE posts, content_plans")


def empty(running_studio: Studio) -> None:
    with psycopg.connect(running_studio.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("DELETE FROM content_plans WHERE id LIKE 'later_%'")
        owner.execute("VACUUM ANALYZE posts, content_plans")


def explained(running_studio: Studio) -> str:
    """How Postgres finds what is due, planned once for all values as workers have it: the index and what it costs."""
    statements: list[tuple[str, dict[str, Any]]] = []

    def heard(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if "JOIN content_plans" in statement and "FOR UPDATE" in statement:
            statements.append((statement, dict(values)))

    event.listen(running_studio.app.db.engine, "before_cursor_execute", heard)
    with running_studio.app.db.dispatch() as tx:
        claim_due(tx)
        statement, values = statements[0]
        names: list[str] = []
        prepared = re.sub(r"%\((\w+)\)s", lambda found: _numbered(names, found[1], values), statement)
        connection = tx.connection().connection.driver_connection
        assert connection is not None
        connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        connection.execute(f"PREPARE claim AS {prepared}".replace("%%", "%"))
        explain = sql.SQL("EXPLAIN (ANALYZE, TIMING OFF) EXECUTE claim ({})").format(
            sql.SQL(", ").join(sql.Literal(values[name]) for name in names)
        )
        lines = [row[0] for row in connection.execute(explain).fetchall()]
        connection.execute("DEALLOCATE claim")
    event.remove(running_studio.app.db.engine, "before_cursor_execute", heard)
    used = [line.strip() for line in lines if " posts" in line and "Scan" in line]
    assert any(INDEX in line for line in used), "\n".join(lines)
    return f"{INDEX}, {next(line for line in lines if 'Execution Time' in line).split(':')[1].strip()}"


def _numbered(names: list[str], name: str, values: dict[str, Any]) -> str:
    """psycopg says the type of an interval beside it."""
    if name not in names:
        names.append(name)
    return f"${names.index(name) + 1}{'::interval' if isinstance(values[name], timedelta) else ''}"

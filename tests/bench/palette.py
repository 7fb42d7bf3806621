"""The search over everything, among 100,000 things: over HTTP, and the verb against the same indexed queries bare.

Bare is one connection past row-level security: for each table of texts the faster of its two plans (down the list until five
rows match, or all matches by the text index), then one query of names for each other noun; in turn, without rows of
other tables and without a transaction.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import psycopg

from backend import search
from backend.db.transactions import SystemCaller
from tests.bench.hundred_operators import alone, full, site
from tests.bench.servers import Studio

OBJECTS = 100_000
ROUNDS = 30
WORDS = {"common": "harb", "rare": "24999", "two": "bella sunset", "none": "zebra", "letter": "b"}
_BARE = {
    "content_plans": ("id, topic, due_at", "deleted_at IS NULL"),
    "posts": ("id, plan_id, caption", "true"),
    "pictures": ("id, prompt, asset_id", "deleted_at IS NULL AND gate = 'open'"),
    "jobs": ("id, title, state", "parent_id IS NULL AND state IN ('completed', 'failed', 'cancelled')"),
    "text_drafts": ("id, topic, parts", "state <> 'discarded'"),
}
"""Table of texts -> what is read of it, and which rows."""
_BARE_NAMES = {
    "influencers": ("name", "archived_at IS NULL"),
    "boards": ("name", "deleted_at IS NULL"),
    "datasets": ("name", "deleted_at IS NULL"),
    "loras": ("name", "deleted_at IS NULL"),
    "channels": ("name", "deleted_at IS NULL"),
    "tracks": ("title", "deleted_at IS NULL AND asset_id IS NOT NULL"),
    "users": ("name", "id IN (SELECT user_id FROM memberships WHERE tenant_id = '{tenant}')"),
}
"""Table of names -> its column, and which rows."""
_BY_NAME = "SELECT id, {name} FROM {table} WHERE {shown} AND {of_tenant} AND lower({name}) LIKE '%{typed}%' ORDER BY id LIMIT 5"
_DOWN_THE_LIST = """SELECT {columns} FROM
    (SELECT * FROM {table} WHERE tenant_id = '{tenant}' AND {shown} ORDER BY id DESC OFFSET 0) listed
    WHERE search @@ to_tsquery('simple', '{words}') LIMIT 5"""
_BY_INDEX = """WITH matches AS MATERIALIZED (SELECT id FROM {table}
    WHERE tenant_id = '{tenant}' AND search @@ to_tsquery('simple', '{words}') AND {shown})
    SELECT {columns} FROM {table} WHERE tenant_id = '{tenant}'
    AND id = ANY (ARRAY(SELECT id FROM matches ORDER BY id DESC LIMIT 5)) ORDER BY id DESC"""


def run() -> dict[str, Any]:
    """By word: p95 over HTTP in ms; medians of the verb and of the bare queries in ms, and their ratio."""
    with full(OBJECTS // 4) as studio, site(studio) as (url, _):
        figures: dict[str, Any] = {}
        for kind, typed in WORDS.items():
            path = f"/api/search?{urlencode({'workspace': studio.tenant.id, 'q': typed})}"
            ours, bare = _medians(studio, typed)
            figures |= {
                f"{kind}_p95_ms": alone(studio, url, path, rounds=ROUNDS, pause_s=0.0)["p95_ms"],
                f"{kind}_verb_ms": round(ours * 1000, 2),
                f"{kind}_bare_ms": round(bare * 1000, 2),
                f"{kind}_ratio": round(ours / bare, 2),
            }
    return figures | {"objects": OBJECTS, "n": ROUNDS}


def _medians(studio: Studio, typed: str) -> tuple[float, float]:
    """Seconds: the verb in its transaction, the bare queries; in turn."""
    caller = SystemCaller(studio.tenant.id, studio.tenant.user_id)
    words = " & ".join(f"''{word}'':*" for word in typed.split())
    ours: list[float] = []
    bare: dict[tuple[str, str], list[float]] = defaultdict(list)
    with psycopg.connect(studio.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        for _ in range(ROUNDS):
            started_at = perf_counter()
            with studio.app.db.transaction(caller) as tx:
                search.search(tx, typed)
            ours.append(perf_counter() - started_at)
            for table, (columns, shown) in _BARE.items():
                for form in (_DOWN_THE_LIST, _BY_INDEX):
                    query = form.format(table=table, columns=columns, shown=shown, tenant=studio.tenant.id, words=words)
                    started_at = perf_counter()
                    owner.execute(query).fetchall()
                    bare[table, form].append(perf_counter() - started_at)
            for table, (name, shown) in _BARE_NAMES.items():
                of_tenant = "true" if table == "users" else f"tenant_id = '{studio.tenant.id}'"
                shown = shown.format(tenant=studio.tenant.id)
                query = _BY_NAME.format(table=table, name=name, shown=shown, of_tenant=of_tenant, typed=typed)
                started_at = perf_counter()
                owner.execute(query).fetchall()
                bare[table, _BY_NAME].append(perf_counter() - started_at)
    faster = [min(median(bare[table, _DOWN_THE_LIST]), median(bare[table, _BY_INDEX])) for table in _BARE]
    return median(ours), sum(faster) + sum(median(bare[table, _BY_NAME]) for table in _BARE_NAMES)

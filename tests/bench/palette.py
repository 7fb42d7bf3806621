"""The search over everything, among 100,000 things: over HTTP, and the verb against the same four indexed queries bare.

Bare is one connection past row-level security, four prepared queries by the text indexes one after the other, without names.
"""

from __future__ import annotations

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
    "content_plans": "SELECT id, topic FROM {table} WHERE {matches} AND deleted_at IS NULL ORDER BY id DESC LIMIT 5",
    "posts": "SELECT plan_id, caption FROM {table} WHERE {matches} ORDER BY id DESC LIMIT 5",
    "pictures": "SELECT id, prompt, asset_id FROM {table} WHERE {matches} AND deleted_at IS NULL ORDER BY id DESC LIMIT 5",
    "jobs": "SELECT id, title FROM {table} WHERE {matches} AND parent_id IS NULL ORDER BY id DESC LIMIT 5",
    "text_drafts": "SELECT id, topic FROM {table} WHERE {matches} ORDER BY id DESC LIMIT 5",
}
_MATCHES = "tenant_id = %s AND search @@ to_tsquery('simple', %s)"


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
    words = " & ".join(f"'{word}':*" for word in typed.split())
    ours, bare = [], []
    with psycopg.connect(studio.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        for _ in range(ROUNDS):
            started_at = perf_counter()
            with studio.app.db.transaction(caller) as tx:
                search.search(tx, typed)
            ours.append(perf_counter() - started_at)
            started_at = perf_counter()
            for table, query in _BARE.items():
                owner.execute(query.format(table=table, matches=_MATCHES), (studio.tenant.id, words), prepare=True).fetchall()
            bare.append(perf_counter() - started_at)
    return median(ours), median(bare)

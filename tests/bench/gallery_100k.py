"""A gallery of 100,000: first paint against an empty page, scrolling and filtering against the same query and thumbnails bare.

Ours is what the browser does: the API's page, then the thumbnails of a first screen, six at a time on open connections. Bare is
a prepared, indexed query of one workspace without row-level security, HTTP or JSON, then the same thumbnails the same way. `s3`
is the same with the thumbnails straight from S3: what the owner-checked route itself costs, which no gallery can save.
"""

from __future__ import annotations

import http.client
import io
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
from PIL import Image
from playwright.sync_api import sync_playwright

from backend.kit.db import Database
from backend.local_stack import services, start
from backend.settings import Settings
from backend.storage import Storage
from tests.bench.gallery_paint import empty, paint
from tests.e2e.conftest import answers, free_port, running
from tests.factories.account import Tenant, make_workspace
from tests.factories.many_pictures import fill_many
from tests.factories.studio_rows import Rows, fill
from tests.support.databases import make_template
from tests.support.wait import until

PICTURES = 100_000
ROUNDS = 7
PAGES = 40
SCREEN = 12
"""Thumbnails of a first screen."""
_COLUMNS = "p.id, p.asset_id, p.prompt, p.rating, p.favourite, p.seed, p.shape, p.source, p.created_at, a.key"
_LIVE = f"SELECT {_COLUMNS} FROM pictures p JOIN assets a ON a.tenant_id = p.tenant_id AND a.id = p.asset_id \
WHERE p.tenant_id = %(tenant)s AND p.deleted_at IS NULL AND p.gate = 'open'"
_NEWEST = " ORDER BY p.id DESC LIMIT 60"
_BY_WORD = "ARRAY(SELECT id FROM pictures WHERE search @@ '{}')"
FILTERS: dict[str, tuple[dict[str, Any], str]] = {
    "rating": ({"rating": 4}, f"{_LIVE} AND p.rating >= 4{_NEWEST}"),
    "five": ({"rating": 5}, f"{_LIVE} AND p.rating = 5{_NEWEST}"),
    "favourite": ({"favourite": True}, f"{_LIVE} AND p.favourite{_NEWEST}"),
    "portrait": ({"size": "portrait"}, f"{_LIVE} AND p.shape = 'portrait'{_NEWEST}"),
    "influencer": ({"influencer": "WHO"}, f"{_LIVE} AND p.influencer_id = %(who)s{_NEWEST}"),
    "common word": ({"q": "beach"}, f"{_LIVE} AND p.search @@ 'beach'::tsquery{_NEWEST}"),
    "rare word": ({"q": "unicorn"}, f"{_LIVE} AND p.id = ANY({_BY_WORD.format('unicorn')}){_NEWEST}"),
    "no such word": ({"q": "zebra"}, f"{_LIVE} AND p.id = ANY({_BY_WORD.format('zebra')}){_NEWEST}"),
    "seed": ({"q": "seed:1"}, f"{_LIVE} AND p.seed = 1{_NEWEST}"),
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    url: str
    tenant: Tenant
    empty: Tenant
    rows: Rows
    storage: Storage
    owner: Any


def run() -> dict[str, Any]:
    """`ratio`: of the first paints; `scroll` and `filter`: p95 of a page with its first screen of thumbnails, ours / bare."""
    with _site() as site:
        paints = _paints(site)
        with ThreadPoolExecutor(6) as pool:
            scroll, filters = _scroll(Lane(site, pool)), _filter(Lane(site, pool))
    ours, bare = (median(column) for column in zip(*paints, strict=True))
    return {
        "name": "gallery_100k", "ratio": ours / bare, "ours": ours, "bare": bare, "unit": "s", "n": PICTURES,
        "scroll": _p95(scroll), "filter": _p95(filters),
    }  # fmt: skip


@contextmanager
def _site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        stack = start(folder / "stack", durable=False)
        try:
            stack.wait_storage(60)
            urls = make_template(stack.urls["DATABASE_OWNER_URL"])
            env = {
                "DATABASE_URL": urls.app, "WORKER_DATABASE_URL": urls.worker, "REDIS_URL": stack.urls["REDIS_URL"],
                **{key: value for key, value in stack.urls.items() if key.startswith("S3_")},
                "DATA_SHARED_BASE": str(folder / "var"),
            }  # fmt: skip
            storage = Storage(Settings(_env_file=None, **{key.lower(): value for key, value in env.items() if "S3_" in key}))
            db = Database(urls.app)
            full, bare = make_workspace(db, "Full"), make_workspace(db, "Empty")
            rows = fill(db, full, pictures=16)
            keys = rows.keys + fill_many(urls.owner, full, rows, PICTURES)
            db.close()
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            with running(services.studio(host="127.0.0.1", port=port).args, {**env, "PORT": str(port)}, folder / "studio.log"):
                until(lambda: answers(url), 60, what="the studio")
                with psycopg.connect(urls.owner.replace("+psycopg", ""), autocommit=True) as owner:
                    site = Site(url, full, bare, rows, storage, owner)
                    _thumbs(site, keys)
                    yield site
        finally:
            stack.stop()


def _thumbs(site: Site, keys: list[str]) -> None:
    """Bytes for all that any measured screen shows."""
    thumb = io.BytesIO()
    Image.effect_noise((320, 320), 60).convert("RGB").save(thumb, "WEBP")
    wanted = {*keys[-(PAGES + 1) * 60 :], *keys[:64]}
    for _, sql in FILTERS.values():
        wanted |= {row[-1] for row in _rows(site, sql)[:SCREEN]}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: site.storage.put_bytes(f"{key}.w320.webp", thumb.getvalue(), "image/webp"), wanted))


def _paints(site: Site) -> list[tuple[float, float]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        times = [(paint(browser, site.url, site.tenant), empty(browser, site.url, site.empty)) for _ in range(ROUNDS + 1)]
        browser.close()
    return times[1:]


def _rows(site: Site, sql: str, **values: Any) -> list[Any]:
    asked = {"tenant": site.tenant.id, "who": site.rows.influencer_id, **values}
    return list(site.owner.execute(sql, asked, prepare=True).fetchall())


_own = threading.local()


def _browser(site: Site) -> tuple[Callable[[dict[str, Any]], Any], Callable[[str], bytes]]:
    """A page of the API as JSON, and a thumbnail: each thread keeps its connection open."""
    host = urlsplit(site.url).netloc

    def get(path: str) -> bytes:
        if not hasattr(_own, "line"):
            _own.line = http.client.HTTPConnection(host)
        _own.line.request("GET", path, headers={"cookie": f"studio_sid={site.tenant.token}"})
        answer = _own.line.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:200]
        return bytes(body)

    def ask(query: dict[str, Any]) -> Any:
        said = {key: site.rows.influencer_id if value == "WHO" else value for key, value in query.items()}
        return json.loads(get(f"/api/pictures?{urlencode({'workspace': site.tenant.id, 'take': 60, **said})}"))

    return ask, lambda asset_id: get(f"/api/media/{site.tenant.id}/{asset_id}?w=320")


Times = tuple[float, float, float]
"""Seconds: ours, bare, bare with S3 itself."""


@dataclass(frozen=True)
class Lane:
    """Both ways to a screen of pictures, in turn."""

    site: Site
    pool: ThreadPoolExecutor

    def run(self, query: dict[str, Any], sql: str, **values: Any) -> tuple[Any, Times]:
        ask, fetch = _browser(self.site)
        began = perf_counter()
        page = ask(query)
        list(self.pool.map(fetch, [one["assetId"] for one in page["data"][:SCREEN]]))
        ours = perf_counter() - began
        began = perf_counter()
        rows = _rows(self.site, sql, **values)
        asked = perf_counter() - began
        list(self.pool.map(fetch, [row[1] for row in rows[:SCREEN]]))
        bare = perf_counter() - began
        began = perf_counter()
        list(self.pool.map(self.site.storage.read, [f"{row[-1]}.w320.webp" for row in rows[:SCREEN]]))
        assert [one["id"] for one in page["data"]] == [row[0] for row in rows], query
        return page, (ours, bare, asked + perf_counter() - began)


def _scroll(lane: Lane) -> list[Times]:
    """Down the list, page after page."""
    times: list[Times] = []
    cursor, last = None, "q"
    for _ in range(PAGES + 1):
        page, took = lane.run({"cursor": cursor} if cursor else {}, f"{_LIVE} AND p.id < %(last)s{_NEWEST}", last=last)
        cursor, last = page["nextCursor"], page["data"][-1]["id"]
        times.append(took)
    return times[1:]


def _filter(lane: Lane) -> list[Times]:
    return [lane.run(query, sql)[1] for _ in range(6) for query, sql in FILTERS.values()][len(FILTERS) :]


def _p95(times: list[Times]) -> dict[str, float]:
    ours, bare, s3 = (quantiles(column, n=20)[-1] * 1000 for column in zip(*times, strict=True))
    figures = {"ratio": ours / bare, "ours_ms": ours, "bare_ms": bare, "s3_ms": s3, "s3_ratio": ours / s3, "n": len(times)}
    return {name: round(value, 2) for name, value in figures.items()}

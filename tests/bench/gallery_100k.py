"""A gallery of 100,000: first paint against an empty page, scrolling and filtering against the same query and thumbnails bare.

Ours is what the browser does: the API's page, then the thumbnails of a first screen, six at a time on open connections. Bare is
a prepared, indexed query of one workspace without row-level security, HTTP or JSON, then the same thumbnails the same way. `s3`
is the same with the thumbnails straight from S3: what the owner-checked route itself costs, which no gallery can save.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg

from backend.storage import Storage
from tests.bench.browser_site import chromium, site, thumbnail
from tests.bench.gallery_paint import paints
from tests.factories.account import Tenant
from tests.factories.many_pictures import fill_many
from tests.factories.studio_rows import Rows, fill_workspace

PICTURES = 100_000
ROUNDS = 5
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
    "best rated": ({"order": "best"}, f"{_LIVE} ORDER BY p.rating DESC, p.id DESC LIMIT 60"),
    "portrait": ({"size": "portrait"}, f"{_LIVE} AND p.shape = 'portrait'{_NEWEST}"),
    "influencer": ({"influencer": "WHO"}, f"{_LIVE} AND p.influencer_id = %(who)s{_NEWEST}"),
    "common word": ({"q": "beach"}, f"{_LIVE} AND p.search @@ 'beach'::tsquery{_NEWEST}"),
    "rare word": ({"q": "unicorn"}, f"{_LIVE} AND p.id = ANY({_BY_WORD.format('unicorn')}){_NEWEST}"),
    "no such word": ({"q": "zebra"}, f"{_LIVE} AND p.id = ANY({_BY_WORD.format('zebra')}){_NEWEST}"),
    "seed": ({"q": "seed:1"}, f"{_LIVE} AND p.seed = 1{_NEWEST}"),
}


@dataclass(frozen=True)
class Full:
    """A workspace of 100,000 pictures behind a running studio. `owner`: a connection past row-level security."""

    url: str
    tenant: Tenant
    rows: Rows
    storage: Storage
    owner: Any


def run() -> dict[str, Any]:
    """`ratio`: of the first paints; `scroll` and `filter`: p95 of a page with its first screen of thumbnails, ours / bare."""
    with site() as paint_site:
        rows = fill_workspace(paint_site.db, paint_site.full, pictures=16)
        keys = rows.keys + fill_many(paint_site.urls.owner, paint_site.full, rows, PICTURES)
        owner = psycopg.connect(paint_site.urls.owner.replace("+psycopg", ""), autocommit=True)
        with paint_site.serve() as url, owner, chromium() as browser, ThreadPoolExecutor(6) as pool:
            full = Full(url, paint_site.full, rows, paint_site.storage, owner)
            _thumbs(full, keys)
            ours, bare = paints(browser, url, paint_site)
            scroll, filters = _scroll(ScreenBench(full, pool)), _filter(ScreenBench(full, pool))
    return {
        "name": "gallery_100k",
        "ratio": ours / bare,
        "ours": ours,
        "bare": bare,
        "unit": "s",
        "n": PICTURES,
        "scroll": _p95(scroll),
        "filter": _p95(filters),
    }


def _thumbs(full: Full, keys: list[str]) -> None:
    """Bytes for all that any measured screen shows."""
    thumb = thumbnail()
    needed_keys = {*keys[-(PAGES + 1) * 60 :], *keys[:64]}
    for _, sql in FILTERS.values():
        needed_keys |= {row[-1] for row in _rows(full, sql)[:SCREEN]}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: full.storage.put_bytes(f"{key}.w320.webp", thumb, "image/webp"), needed_keys))


def _rows(full: Full, sql: str, **values: Any) -> list[Any]:
    parameters = {"tenant": full.tenant.id, "who": full.rows.influencer_id, **values}
    return list(full.owner.execute(sql, parameters, prepare=True).fetchall())


_own = threading.local()


def _browser(full: Full) -> tuple[Callable[[dict[str, Any]], Any], Callable[[str], bytes]]:
    """A page of the API as JSON, and a thumbnail: each thread keeps its connection open."""
    host = urlsplit(full.url).netloc

    def get(path: str) -> bytes:
        if not hasattr(_own, "line"):
            _own.line = http.client.HTTPConnection(host)
        _own.line.request("GET", path, headers={"cookie": f"studio_sid={full.tenant.token}"})
        answer = _own.line.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:200]
        return bytes(body)

    def ask(query: dict[str, Any]) -> Any:
        parameters = {key: full.rows.influencer_id if value == "WHO" else value for key, value in query.items()}
        return json.loads(get(f"/api/pictures?{urlencode({'workspace': full.tenant.id, 'take': 60, **parameters})}"))

    return ask, lambda asset_id: get(f"/api/media/{full.tenant.id}/{asset_id}?w=320")


Times = tuple[float, float, float]
"""Seconds: ours, bare, bare with S3 itself."""


@dataclass(frozen=True)
class ScreenBench:
    """Measures the ways to load a screen of pictures, alternately in changing order, ROUNDS times."""

    full: Full
    pool: ThreadPoolExecutor

    def run(self, query: dict[str, Any], sql: str, **values: Any) -> tuple[Any, list[Times]]:
        """The page, and what each round took."""
        ask, fetch = _browser(self.full)
        results: dict[str, Any] = {}

        def ours() -> float:
            started_at = perf_counter()
            results["page"] = ask(query)
            list(self.pool.map(fetch, [tile["assetId"] for tile in results["page"]["data"][:SCREEN]]))
            return perf_counter() - started_at

        def bare(thumb: Callable[[Any], bytes]) -> float:
            started_at = perf_counter()
            results["rows"] = _rows(self.full, sql, **values)
            list(self.pool.map(thumb, results["rows"][:SCREEN]))
            return perf_counter() - started_at

        by_route, by_s3 = lambda: bare(lambda row: fetch(row[1])), lambda: bare(self._from_s3)
        ways, times = [ours, by_route, by_s3], []
        for n in range(ROUNDS + 1):
            order = [*range(n % 3, 3), *range(n % 3)]
            took = {at: ways[at]() for at in order}
            times.append((took[0], took[1], took[2]))
        assert [tile["id"] for tile in results["page"]["data"]] == [row[0] for row in results["rows"]], query
        return results["page"], times[1:]

    def _from_s3(self, row: Any) -> bytes:
        return self.full.storage.read(f"{row[-1]}.w320.webp")


def _scroll(lane: ScreenBench) -> list[list[Times]]:
    """Scrolls down the list, page by page."""
    times: list[list[Times]] = []
    cursor, last = None, "q"
    for _ in range(PAGES + 1):
        page, took = lane.run({"cursor": cursor} if cursor else {}, f"{_LIVE} AND p.id < %(last)s{_NEWEST}", last=last)
        cursor, last = page["nextCursor"], page["data"][-1]["id"]
        times.append(took)
    return times[1:]


def _filter(lane: ScreenBench) -> list[list[Times]]:
    return [lane.run(query, sql)[1] for query, sql in FILTERS.values()]


def _p95(pages: list[list[Times]]) -> dict[str, float]:
    """Over the pages' medians, so that what else runs on the machine does not decide; `raw_ratio` over every single time."""
    ours, bare, s3 = (
        quantiles(column, n=20, method="inclusive")[-1] * 1000 for column in zip(*map(_medians, pages), strict=True)
    )
    raw = [quantiles(column, n=20)[-1] for column in zip(*(times for page in pages for times in page), strict=True)]
    figures = {"ratio": ours / bare, "ours_ms": ours, "bare_ms": bare, "s3_ms": s3, "s3_ratio": ours / s3}
    return {
        **{name: round(value, 2) for name, value in figures.items()},
        "raw_ratio": round(raw[0] / raw[1], 2),
        "n": len(pages),
    }


def _medians(page: list[Times]) -> Times:
    ours, bare, s3 = (median(column) for column in zip(*page, strict=True))
    return ours, bare, s3

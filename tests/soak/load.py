"""Many people on one studio of 300,000 rows: `python -m tests.soak.load [--rows 300000] [--sessions 20]`. A JSON object a line.

The rows of the attack on 0.5.1 that are no bench: a hundred pages that only poll for live jobs (2b), callers who ask again as
soon as they are answered (2c), sessions of a real browser (2d), a thousand jobs ordered by eight callers (2e), the lists (2f).
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil
from playwright.sync_api import sync_playwright

from backend import jobs
from backend.kit.ids import new_id
from tests.bench import hundred_operators as crowd
from tests.bench.servers import Studio
from tests.e2e.conftest import BROWSERS
from tests.factories.account import make_person
from tests.support.handlers import Steps

SECONDS, OPEN_PAGES = 30.0, 100
LISTS = {
    "jobs": "/api/jobs", "live": "/api/jobs/live", "gallery": "/api/pictures", "search": "/api/pictures?q=beach",
    "plans": "/api/content-plans", "plans_search": "/api/content-plans?q=harbour", "calendar": "", "health": "/health",
    "palette": "/api/search?q=harb",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=crowd.ROWS)
    parser.add_argument("--sessions", type=int, default=20, help="of a browser")
    parser.add_argument("--only", default="", help="one part, as its line names it: 2f")
    asked = parser.parse_args()
    crowd.ROWS = asked.rows
    with crowd.full() as here, crowd.site(here) as (url, pid):
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "2b polling": lambda: polling(here, url, pid),
            "2c 8 callers": lambda: closed(here, url, 8),
            "2c 100 callers": lambda: closed(here, url, 100),
            "2d browser": lambda: sessions(here, url, pid, asked.sessions),
            "2e orders": lambda: ordered(here),
            "2f lists": lambda: lists(here, url),
        }
        for name, part in parts.items():
            if not name.startswith(asked.only):
                continue
            sys.stdout.write(json.dumps({"name": name, "rows": asked.rows, **part()}) + "\n")
            sys.stdout.flush()
    return 0


def polling(here: Studio, url: str, pid: int) -> dict[str, Any]:
    """OPEN_PAGES that ask for live jobs every 2 s."""
    tokens = [make_person(here.app.db, here.tenant.id, "editor").token for _ in range(OPEN_PAGES)]
    path, every = crowd.requests_of(here)["live"]
    measured = crowd.Measured()

    async def all_pages() -> None:
        begin = time.monotonic() + 0.5
        async with asyncio.TaskGroup() as group:
            for n, token in enumerate(tokens):
                first = begin + every * n / OPEN_PAGES
                page = crowd._page(url, token, "live", path, first=first, every=every, until=begin + SECONDS, measured=measured)
                group.create_task(page)

    cpu, began = crowd.cpu_s(pid), time.monotonic()
    asyncio.run(all_pages())
    core = (crowd.cpu_s(pid) - cpu) / (time.monotonic() - began)
    return {**_quantiles(measured.times["live"]), "studio_core": round(core, 2), "failed": measured.failed}


def closed(here: Studio, url: str, callers: int) -> dict[str, Any]:
    """Callers who take live jobs, the gallery and the calendar by turns, without a pause."""
    tokens = [make_person(here.app.db, here.tenant.id, "editor").token for _ in range(callers)]
    paths = [path for path, _ in crowd.requests_of(here).values()]
    end, times, failed = time.monotonic() + SECONDS, list[float](), count()

    def call(n: int) -> None:
        line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        turn = n
        while time.monotonic() < end:
            began = time.monotonic()
            line.request("GET", paths[turn % len(paths)], headers={"cookie": f"studio_sid={tokens[n]}"})
            answer = line.getresponse()
            answer.read()
            times.append(time.monotonic() - began)
            turn += 1
            if answer.status != 200:
                next(failed)
        line.close()

    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(call, range(callers)))
    return {**_quantiles(times), "requests_s": round(len(times) / SECONDS, 1), "failed": next(failed)}


def sessions(here: Studio, url: str, pid: int, many: int) -> dict[str, Any]:
    """Tabs that open the gallery, go to the jobs and back; `open` until the heading stands, `click` until the other does."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        return {"skipped": "Chromium is not installed."}
    opened, clicked, process = list[float](), list[float](), psutil.Process(pid)
    process.cpu_percent()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for _ in range(many):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            token = make_person(here.app.db, here.tenant.id, "editor").token
            context.add_cookies([{"name": "studio_sid", "value": token, "url": url}])
            tab = context.new_page()
            began = time.monotonic()
            tab.goto(f"{url}/gallery?ws={here.tenant.id}")
            tab.get_by_role("heading", level=1).wait_for(timeout=60_000)
            opened.append(time.monotonic() - began)
        for context in browser.contexts:
            [tab] = context.pages
            began = time.monotonic()
            tab.get_by_role("link", name="Jobs").first.click()
            tab.get_by_role("heading", name="Jobs", level=1).wait_for(timeout=60_000)
            clicked.append(time.monotonic() - began)
        cpu, memory = process.cpu_percent(), process.memory_info().rss
        browser.close()
    return {
        "sessions": many, "open": _quantiles(opened), "click": _quantiles(clicked), "studio_core": round(cpu / 100, 2),
        "rss_mb": memory // 2**20,
    }  # fmt: skip


def ordered(here: Studio, many: int = 1000, callers: int = 8) -> dict[str, Any]:
    """Jobs of one workspace, each ordered in a transaction of its own."""
    times, lock, numbers = list[float](), threading.Lock(), iter(range(many))

    def work() -> Iterator[float]:
        while True:
            with lock:
                n = next(numbers, None)
            if n is None:
                return
            began = time.monotonic()
            with here.app.db.transaction(here.tenant.caller, needs="editor") as tx:
                jobs.enqueue(tx, kind="test-steps", payload=Steps(n=1), title=f"No {n}", request_key=new_id("key"))
            yield time.monotonic() - began

    began = time.monotonic()
    with ThreadPoolExecutor(callers) as pool:
        for done in pool.map(lambda _: list(work()), range(callers)):
            times += done
    return {**_quantiles(times), "jobs_s": round(many / (time.monotonic() - began), 1)}


def lists(here: Studio, url: str) -> dict[str, Any]:
    """p95 in ms of each list, one caller, half of the answers made anew."""
    there = {"workspace": here.tenant.id}
    found: dict[str, Any] = {}
    for name, path in LISTS.items():
        whole = path or crowd.requests_of(here)["calendar"][0]
        mark = "&" if "?" in whole else "?"
        where = whole if "workspace=" in whole or name == "health" else f"{whole}{mark}{urlencode(there)}"
        found[name] = crowd.alone(here, url, where, rounds=20, pause_s=0.5)["p95_ms"]
    return found


def _quantiles(times: list[float]) -> dict[str, Any]:
    ordered = sorted(times)
    at = {"p50_ms": 0.5, "p95_ms": 0.95, "max_ms": 1.0}
    return {
        **{name: round(ordered[min(int(len(ordered) * q), len(ordered) - 1)] * 1000) for name, q in at.items()},
        "n": len(ordered),
    }


if __name__ == "__main__":
    sys.exit(main())

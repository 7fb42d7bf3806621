"""People at the studio: what their pages ask for while they look, click and wait. `make load`, or against your own:

    locust -f infra/load/locustfile.py --host https://studio.example.org --users 100 --spawn-rate 5 --run-time 10m --headless

STUDIO_API_KEYS: keys of the workspace, comma-separated, one for each 100 requests a minute or so (RATE_LIMIT_PER_MINUTE).
STUDIO_SESSIONS: instead of keys a JSON file {"workspace": id, "tokens": [session cookies]}, as `make load` writes it.

The exit code is 1 when a target is missed: p95 of all requests LOAD_P95_MS (100), 95 % of requests answered.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from locust import HttpUser, between, events, task
from locust.env import Environment

P95_MS, SUCCESS = float(os.environ.get("LOAD_P95_MS", "100")), 0.95
WORDS = ("harbour", "rainy", "coffee", "market", "beach", "autumn", "bridge", "lights")


class People:
    """The cookies or headers of one person after another."""

    def __init__(self) -> None:
        if sessions := os.environ.get("STUDIO_SESSIONS"):
            known: dict[str, Any] = json.loads(Path(sessions).read_text("utf-8"))
            self.params = {"workspace": known["workspace"]}
            self._headers = itertools.cycle([{"cookie": f"studio_sid={token}"} for token in known["tokens"]])
        else:
            keys = [key.strip() for key in os.environ["STUDIO_API_KEYS"].split(",")]
            self.params = {}
            self._headers = itertools.cycle([{"authorization": f"Bearer {key}"} for key in keys])

    def next_headers(self) -> dict[str, str]:
        return next(self._headers)


PEOPLE = People()


class Creator(HttpUser):
    """Looks through pictures and the calendar, searches, marks favourites, drafts a post now and then."""

    wait_time = between(1, 5)

    def on_start(self) -> None:
        self.client.headers.update(PEOPLE.next_headers())
        self.client.headers["origin"] = self.host or ""  # changes are taken from the studio's own pages only, or with a key
        self._pictures: list[str] = []
        self.open_page()

    @task(2)
    def open_page(self) -> None:
        self.client.get("/", name="page")
        self._get("inbox/counts")
        self._get("jobs/live")

    @task(8)
    def wait_for_jobs(self) -> None:
        self._get("jobs/live")

    @task(5)
    def scroll_pictures(self) -> None:
        page = self._get("pictures", take="60")
        self._pictures = [picture["id"] for picture in page["data"]]
        if page["nextCursor"]:
            self._get("pictures", take="60", cursor=page["nextCursor"], total="false")

    @task(3)
    def look_at_month(self) -> None:
        first = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        self._get(
            "content-plans/calendar", **{"from": first.isoformat(), "to": (first + timedelta(42)).isoformat(), "perDay": "6"}
        )

    @task(3)
    def search(self) -> None:
        word = random.choice(WORDS)
        for length in (3, len(word)):  # while it is typed
            self._get("search", q=word[:length])

    @task(2)
    def list_posts_and_jobs(self) -> None:
        self._get("content-plans", take="50")
        self._get("jobs", take="50")

    @task(2)
    def mark_favourite(self) -> None:
        if self._pictures:
            act = {"kind": "favourite", "pictureIds": [random.choice(self._pictures)], "favourite": random.random() < 0.5}
            self.client.post("/api/pictures/acts", json=act, params=PEOPLE.params, name="POST pictures/acts")

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        with self.client.get(f"/api/{path}", params={**PEOPLE.params, **query}, name=path, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code} {answer.text[:200]}")
                return {"data": [], "nextCursor": None}
            found: dict[str, Any] = answer.json()
            return found


@events.quitting.add_listener
def judge(environment: Environment, **_: object) -> None:
    total = environment.stats.total
    p95_ms = total.get_response_time_percentile(0.95) or 0
    print(f"p95 {p95_ms:.0f} ms of {P95_MS:.0f}; {1 - total.fail_ratio:.1%} answered of {SUCCESS:.0%}")
    missed = p95_ms > P95_MS or total.fail_ratio > 1 - SUCCESS or not total.num_requests
    environment.process_exit_code = 1 if missed else 0

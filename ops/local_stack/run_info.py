"""Where the studio of a data folder runs now, for commands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from backend.errors import Unavailable
from ops.local_stack import postgres
from ops.local_stack.state import read


@dataclass(frozen=True, slots=True)
class Running:
    """`database_url`: the app's confined login. `url`: where people reach the page."""

    database_url: str
    url: str


def running(folder: Path) -> Running:
    """Raises Unavailable with what to do when it does not run, or when its database is not the embedded one."""
    facts, kept = read(folder / "run.json"), read(folder / "secrets.json")
    port, password = facts.get("ports", {}).get("postgres"), kept.get("STUDIO_APP_PASSWORD")
    if not facts.get("url") or not port or not password:
        raise Unavailable(f"No studio runs in {folder}. Start it with `make run`, or set DATABASE_URL, then try again.")
    url = make_url(postgres.url(int(port), password)).set(username="studio_app")
    return Running(url.render_as_string(hide_password=False), str(facts["url"]))


def address(folder: Path) -> str:
    """Where people reach the page of the studio that `make run` started in `folder`; empty when none runs there."""
    return str(read(folder / "run.json").get("url") or "")

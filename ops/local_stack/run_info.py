"""Where the studio of a data folder runs, for other commands on the same machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from backend.errors import Unavailable
from ops.local_stack import postgres, seaweed
from ops.local_stack.state import read_json


@dataclass(frozen=True, slots=True)
class RunInfo:
    """`database_url`: the app's confined login. `url`: where people reach the page."""

    database_url: str
    url: str


def run_info(folder: Path) -> RunInfo:
    """Raises Unavailable when the studio does not run, or when its database is not the embedded one."""
    run_facts, stored_secrets = read_json(folder / "run.json"), read_json(folder / "secrets.json")
    port, password = run_facts.get("ports", {}).get("postgres"), stored_secrets.get("STUDIO_APP_PASSWORD")
    if not run_facts.get("url") or not port or not password:
        raise Unavailable(f"No studio runs in {folder}. Start it with `make run`, or set DATABASE_URL, then try again.")
    url = make_url(postgres.url(int(port), password)).set(username="studio_app")
    return RunInfo(url.render_as_string(hide_password=False), str(run_facts["url"]))


def storage_access(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The S3_* variables of the embedded storage of the studio that runs in `folder`; empty when it has none."""
    port = read_json(folder / "run.json").get("ports", {}).get("s3.port")
    secret = read_json(folder / "secrets.json").get("S3_SECRET")
    return seaweed.variables(int(port), seaweed.access(env, secret)) if port and secret else {}


def studio_url(folder: Path) -> str:
    """Where people reach the page of the studio that `make run` started in `folder`; empty when none runs there."""
    return str(read_json(folder / "run.json").get("url") or "")

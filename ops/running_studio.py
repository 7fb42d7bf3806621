"""The App of a studio for commands on its machine: of the servers that the environment names, else of the one that runs in
the data folder. Work is done with the workers' login, so the rules of workspaces hold for commands, too."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from backend.app import App
from backend.bootstrap import bootstrap
from backend.errors import Unavailable
from backend.settings import Settings
from ops.local_stack import postgres, seaweed, valkey
from ops.local_stack.state import read_json


def open_app(settings: Settings) -> App:
    """Raises Unavailable when nothing runs and no servers are named. Close it."""
    return bootstrap(with_servers(settings), role="worker")


def with_servers(settings: Settings) -> Settings:
    """`settings` with the addresses of the servers that run in the data folder, where no other ones are named."""
    folder: Path = settings.data_dir.resolve()
    run_facts, stored_secrets = read_json(folder / "run.json"), read_json(folder / "secrets.json")
    ports = run_facts.get("ports", {}) if run_facts.get("pid") else {}
    values: dict[str, str] = {}
    try:
        if not settings.postgres.worker_url.get_secret_value():
            url = make_url(postgres.url(int(ports["postgres"]), stored_secrets["STUDIO_WORKER_PASSWORD"]))
            values["WORKER_DATABASE_URL"] = url.set(username="studio_worker").render_as_string(hide_password=False)
        if not settings.redis.url.get_secret_value():
            values["REDIS_URL"] = valkey.url(int(ports["valkey"]), stored_secrets["VALKEY_PASSWORD"])
        if not settings.storage.endpoint:
            values |= {"S3_ENDPOINT": seaweed.endpoint(int(ports["s3.port"])), "S3_KEY": "studio"}
            values["S3_SECRET"] = stored_secrets["S3_SECRET"]
        if not settings.secret_keys.get_secret_value():
            values["SECRET_KEYS"] = stored_secrets["SECRET_KEYS"]
    except KeyError as error:
        raise Unavailable(
            f"No studio runs in {folder}. Start it with `make run`, or set DATABASE_URL and its siblings, then try again."
        ) from error
    return settings.replace(**values) if values else settings

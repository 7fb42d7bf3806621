"""The composition root: makes the App, with its clients of outside servers, from the settings. Nothing else constructs
clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import redis
from sqlalchemy.exc import ArgumentError, OperationalError

from backend import (
    VERSION,
    job_types,  # noqa: F401  # registers all kinds of jobs
    jobs,
)
from backend.app import App, retry_once
from backend.db.migrations import check_confined, check_schema
from backend.db.replica import ReadReplica
from backend.db.transactions import Database
from backend.errors import Invalid, Unavailable
from backend.kit import logs, traces
from backend.language import tr_lazy
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.engines.registry import Engines
    from backend.storage import Storage

Role = Literal["studio", "worker"]


def bootstrap(settings: Settings | None = None, *, role: Role = "studio", **overrides: Any) -> App:
    """Configures logging and makes the App of this process. `overrides` replace `db`, `redis`, `storage` or `engines` (tests).

    Raises Invalid when a setting is missing or the database login could see past row-level security
    or the schema does not fit this code, Unavailable while
    Postgres is away.
    """
    settings = settings or Settings.read()
    logs.configure(settings.log_level, service=role)
    traces.configure(service=role, version=VERSION, endpoint=settings.traces_endpoint)
    _check_required(settings, role, overrides=overrides)
    client = overrides.get("redis") or _redis(settings)
    database = overrides.get("db") or _database(settings, role, jobs.notifier(client))
    return App(
        settings=settings,
        db=database,
        redis=client,
        make_storage=(lambda: overrides["storage"]) if "storage" in overrides else lambda: _storage(settings),
        make_engines=(lambda: overrides["engines"]) if "engines" in overrides else lambda: _engines(settings),
    )


def _check_required(settings: Settings, role: Role, *, overrides: Mapping[str, Any]) -> None:
    """Raises Invalid with the names of missing settings. `make run` sets all of these; processes started apart may lack
    some."""
    login = "DATABASE_URL" if role == "studio" else "WORKER_DATABASE_URL"
    url = settings.postgres.url if role == "studio" else settings.postgres.worker_url
    needed = {
        f"{login} (`python -m backend.db.migrations` prints it)": "db" in overrides or url.get_secret_value(),
        "REDIS_URL": "redis" in overrides or settings.redis.url.get_secret_value(),
        "S3_ENDPOINT": "storage" in overrides or settings.storage.endpoint,
        "S3_KEY": "storage" in overrides or settings.storage.access_key.get_secret_value(),
        "S3_SECRET": "storage" in overrides or settings.storage.secret_key.get_secret_value(),
        "SECRET_KEYS (openssl rand -base64 32; the same for all processes)": settings.secret_keys.get_secret_value(),
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise Invalid(
            tr_lazy(
                "Not set: {missing}. Put what is missing into the environment or .env (README, “On many "
                "machines”), or start everything with `make run`.",
                missing=", ".join(missing),
            )
        )


def _redis(settings: Settings) -> redis.Redis:
    """Retries once, at once: notifying a queue while Redis is away must not keep a person waiting."""
    return redis.Redis.from_url(settings.redis.url.get_secret_value(), socket_connect_timeout=3, retry=retry_once())


def _database(settings: Settings, role: Role, notify: Callable[[str], None]) -> Database:
    url = settings.postgres.url if role == "studio" else settings.postgres.worker_url
    name = "DATABASE_URL" if role == "studio" else "WORKER_DATABASE_URL"
    try:
        database = Database(url.get_secret_value(), on_notify=notify, pool_size=settings.postgres.connections)
    except ArgumentError as error:
        raise Invalid(
            tr_lazy("{name} is not a URL. It looks like postgresql://login:password@host:5432/studio.", name=name)
        ) from error
    try:
        with database.engine.connect() as connection:
            check_confined(connection)
            check_schema(connection)
        if role == "studio":
            database.replica = _replica(settings, database)
    except OperationalError as error:
        database.close()
        reason = str(error.orig).strip().splitlines()[0]
        raise Unavailable(
            tr_lazy(
                "The database does not answer ({reason}). Start it, or correct {name}; then try again.",
                reason=reason,
                name=name,
            )
        ) from error
    except BaseException:
        database.close()
        raise
    return database


def _replica(settings: Settings, primary: Database) -> ReadReplica | None:
    """None: no replica is set. One that does not answer yet is used as soon as it does. Raises Invalid when its URL is none,
    or leads to another database."""
    url = settings.postgres.replica_url.get_secret_value()
    if not url:
        return None
    wait_s = settings.postgres.replica_wait_ms / 1000
    try:
        replica = ReadReplica(url, check=check_confined, wait_s=wait_s, pool_size=settings.postgres.connections)
    except ArgumentError as error:
        raise Invalid(
            tr_lazy(
                "{name} is not a URL. It looks like postgresql://login:password@host:5432/studio.", name="DATABASE_REPLICA_URL"
            )
        ) from error
    try:
        replica.check_database(primary)
    except BaseException:
        replica.close()
        raise
    return replica


def _storage(settings: Settings) -> Storage:
    from backend.storage import Storage  # imported late: many processes never need the S3 client

    return Storage(settings)


def _engines(settings: Settings) -> Engines:
    from backend.engines.registry import build_engines  # imported late: building reads the model folders

    return build_engines(settings)

"""The one composition root: settings in, an App with its outside servers out. Nothing else constructs clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import redis
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.exc import OperationalError

from backend import jobs
from backend.errors import Unavailable
from backend.kit import logs
from backend.kit.db import Database
from backend.migrations import check_confined
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.engines.build import Engines
    from backend.storage import Storage

Role = Literal["studio", "worker"]


@dataclass(frozen=True)
class App:
    """What pages, routes and pipelines are given. `storage` and `engines` are made when first asked for."""

    settings: Settings
    db: Database
    redis: redis.Redis
    make_storage: Callable[[], Storage] = field(repr=False)
    make_engines: Callable[[], Engines] = field(repr=False)

    @cached_property
    def storage(self) -> Storage:
        return self.make_storage()

    @cached_property
    def cache(self) -> Redis:
        """Database 1: only what may be forgotten. Half a second is the most that a page waits for it."""
        return Redis.from_url(cache_url(self.settings.redis_url.get_secret_value()), socket_timeout=0.5, retry=_once())

    @cached_property
    def engines(self) -> Engines:
        return self.make_engines()

    def close(self) -> None:
        self.db.close()
        self.redis.close()
        if "cache" in self.__dict__:
            self.cache.close()


def bootstrap(settings: Settings | None = None, *, role: Role = "studio", **overrides: Any) -> App:
    """`overrides` replace `db`, `redis`, `storage` or `engines` (tests).

    Raises Invalid when the database login could see past row-level security, Unavailable while Postgres is away.
    """
    settings = settings or Settings()
    logs.configure(settings.log_level)
    client = overrides.get("redis") or _redis(settings)
    database = overrides.get("db") or _database(settings, role, jobs.bell(client))
    return App(
        settings=settings,
        db=database,
        redis=client,
        make_storage=(lambda: overrides["storage"]) if "storage" in overrides else lambda: _storage(settings),
        make_engines=(lambda: overrides["engines"]) if "engines" in overrides else lambda: _engines(settings),
    )


def _redis(settings: Settings) -> redis.Redis:
    """Tries once more at once, then says no: a bell that cannot be rung must not keep a person waiting."""
    return redis.Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=3, retry=_once())


def _once() -> Retry:
    return Retry(NoBackoff(), 1)


def cache_url(url: str) -> str:
    """The same server, database 1."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = {**dict(parse_qsl(parts.query)), "db": "1"}
        return urlunsplit(parts._replace(query=urlencode(query)))
    return urlunsplit(parts._replace(path="/1"))


def _database(settings: Settings, role: Role, ring: Callable[[str], None]) -> Database:
    url = settings.database_url if role == "studio" else settings.worker_database_url
    database = Database(url.get_secret_value(), on_ring=ring)
    try:
        with database.engine.connect() as connection:
            check_confined(connection)
    except OperationalError as error:
        database.close()
        raise Unavailable("The database does not answer. Start it, or correct DATABASE_URL; then try again.") from error
    except BaseException:
        database.close()
        raise
    return database


def _storage(settings: Settings) -> Storage:
    from backend.storage import Storage  # a client that workers without bytes to move never need

    return Storage(settings)


def _engines(settings: Settings) -> Engines:
    from backend.engines.build import build  # looks at model folders: not before somebody asks

    return build(settings)

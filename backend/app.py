"""What pages, routes and pipelines are given: settings, database, Redis, storage, engines. `backend.bootstrap` makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.db.transactions import Database
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.engines.registry import Engines
    from backend.storage import Storage


@dataclass(frozen=True)
class App:
    """`storage`, `cache` and `engines` are made when first read."""

    settings: Settings
    db: Database
    redis: Redis
    make_storage: Callable[[], Storage] = field(repr=False)
    make_engines: Callable[[], Engines] = field(repr=False)

    @cached_property
    def storage(self) -> Storage:
        return self.make_storage()

    @cached_property
    def cache(self) -> Redis:
        """Redis's database 1: only data that may be lost. Times out after half a second, so that no page waits longer for
        it."""
        return Redis.from_url(cache_url(self.settings.redis.url.get_secret_value()), socket_timeout=0.5, retry=retry_once())

    @cached_property
    def engines(self) -> Engines:
        return self.make_engines()

    def close(self) -> None:
        self.db.close()
        self.redis.close()
        if "cache" in self.__dict__:
            self.cache.close()


def retry_once() -> Retry:
    return Retry(NoBackoff(), 1)


def cache_url(url: str) -> str:
    """The URL of database 1 on the same Redis server."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = {**dict(parse_qsl(parts.query)), "db": "1"}
        return urlunsplit(parts._replace(query=urlencode(query)))
    return urlunsplit(parts._replace(path="/1"))

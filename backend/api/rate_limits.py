"""Middleware: limits how many requests a minute an API key, a signed-in program or an unknown address may send.

Counted in Redis, so that all studio processes share one count. Without Redis nothing is limited: a cache that is away must not
stop anybody's work.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api import deps, errors
from backend.api.credentials import Credentials, read_credentials
from backend.app import App, cache_url
from backend.errors import NotSignedIn, Refused, StudioError, TooMany

log = structlog.get_logger(__name__)
HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
TIMEOUT_S = 0.25
PAUSE_S = 5.0
"""After Redis did not answer, requests are not counted for this long, so that they do not all wait for it."""
_PERIOD_US = 60_000_000
_UNLIMITED = ("/handed/", "/style/health")
"""A signed address that a platform fetches, and a probe."""
_ALWAYS_BY_ADDRESS = ("/auth/", "/automation-hooks/")
"""Signing in, and addresses that are a permission: whatever else the request brings along proves nothing."""
# Generic cell rate algorithm: one number per caller, the time at which its allowance is full again, on the server's clock.
# ARGV: microseconds per request, requests that may come at once, requests to count (0: only look).
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local new, limit = full_at + interval * count, now + interval * burst
if new > limit or full_at + interval > limit then
  return {0, 0, math.ceil(full_at - now), math.ceil(full_at + interval - limit)}
end
if count > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', new), 'PX', math.ceil((new - now) / 1000) + 1000)
end
return {1, math.floor((limit - new) / interval), math.ceil(new - now), 0}
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a caller's requests. `reset_s`: until all are there again; `wait_s`: until the next one, 0: now."""

    limit: int
    remaining: int
    reset_s: int
    wait_s: float = 0.0

    def headers(self) -> dict[str, str]:
        return dict(zip(HEADERS, (str(self.limit), str(self.remaining), str(self.reset_s)), strict=True))


class RequestCounter:
    """Counts requests in Redis. One connection pool for each event loop, made with the first request."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop: asyncio.AbstractEventLoop | None = None
        self._redis: Redis | None = None
        self._away_until = 0.0

    async def count(self, caller: str, per_minute: int, requests: int = 1) -> Allowance | None:
        """None while Redis does not answer. `requests` 0: only looks."""
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(2 * TIMEOUT_S):
                arguments = [_PERIOD_US / per_minute, per_minute, requests]
                script = self._client().register_script(_SCRIPT)
                allowed, remaining, reset_us, wait_us = await script(keys=[f"requests:{caller}"], args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            if not self._away_until:
                log.warning("requests are not limited while Redis does not answer", error=str(error))
            self._away_until = time.monotonic() + PAUSE_S
            return None
        self._away_until = 0.0
        return Allowance(per_minute, remaining, math.ceil(reset_us / 1e6), 0.0 if allowed else max(wait_us / 1e6, 0.001))

    def _client(self) -> Redis:
        loop = asyncio.get_running_loop()
        if self._redis is None or self._loop is not loop:
            options: dict[str, Any] = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
            self._redis, self._loop = Redis.from_url(self._url, retry=Retry(NoBackoff(), 1), **options), loop
        return self._redis

    async def close(self) -> None:
        client, self._redis = self._redis, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.aclose()


class RateLimits:
    """Answers 429 with Retry-After above the limit; tells every program in the RateLimit headers what it has left.

    Pages of signed-in browsers are not counted. A key counts for itself once it has been found, and before that for the address
    it comes from; so invented keys have one limit together.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            allowance = await self._count(scope)
        except StudioError as error:  # too many; or the database is away
            await errors.refusal_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, _with_headers(send, allowance) if allowance else send)

    async def _count(self, scope: Scope) -> Allowance | None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path.startswith(_UNLIMITED):
            return None
        connection = HTTPConnection(scope)
        app = await deps.current_app_of(connection)
        if not app.settings.api.rate_limiting:
            return None
        counter = request_counter(connection, app)
        try:
            credentials = read_credentials(connection, app.settings)
        except Refused:  # the route says why
            credentials = Credentials("none")
        if path.startswith(_ALWAYS_BY_ADDRESS):
            credentials = Credentials("none")
        return await self._count_caller(connection, app, counter, credentials)

    async def _count_caller(
        self, connection: HTTPConnection, app: App, counter: RequestCounter, credentials: Credentials
    ) -> Allowance | None:
        limits = app.settings.api
        address, by_address = f"address:{_network(connection)}", limits.stranger_requests_per_minute
        match credentials.kind:
            case "cookie":
                return None
            case "key" if not deps.key_cache_of(connection).holds(credentials.secret):
                _refuse_if_none_left(await counter.count(address, by_address, 0))
                try:
                    await deps.key_cache_of(connection).holder(app, credentials.secret)
                except NotSignedIn:
                    credentials = Credentials("none")
        if credentials.kind == "none":
            return _refuse_if_none_left(await counter.count(address, by_address))
        return _refuse_if_none_left(await counter.count(credentials.identity, limits.requests_per_minute))


def request_counter(connection: HTTPConnection, app: App) -> RequestCounter:
    state = connection.app.state
    if not hasattr(state, "request_counter"):
        state.request_counter = RequestCounter(cache_url(app.settings.redis.url.get_secret_value()))
    counter: RequestCounter = state.request_counter
    return counter


def _refuse_if_none_left(allowance: Allowance | None) -> Allowance | None:
    if allowance is not None and allowance.wait_s:
        raise _TooManyRequests(allowance)
    return allowance


class _TooManyRequests(TooMany):
    def __init__(self, allowance: Allowance) -> None:
        seconds = math.ceil(allowance.wait_s)
        super().__init__(
            f"More than {allowance.limit} requests a minute. Go on in {seconds} {'second' if seconds == 1 else 'seconds'}.",
            retry_after=allowance.wait_s,
            headers=allowance.headers(),
        )


def _with_headers(send: Send, allowance: Allowance) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(allowance.headers())
        await send(message)

    return send_with_headers


def _network(connection: HTTPConnection) -> str:
    """The caller's address; of IPv6 the network of 64 bits, because one customer has all addresses in it."""
    host = connection.client.host if connection.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:100]
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Address(int(address) >> 64 << 64))
    return host

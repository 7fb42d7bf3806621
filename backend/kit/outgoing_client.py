"""Sends HTTP requests to addresses that somebody else chose: only where the rules permit, in bounded time, and reading no more
of the answer than asked for.

The name is resolved once for each connection, every address is checked, and a checked one is connected to, with the
name kept for Host and TLS: a name that resolves differently at a second look-up (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

import httpcore
import httpx

from backend.kit.outgoing_rules import OutgoingRules
from backend.language import tr_lazy

NOT_REACHED = tr_lazy("The address could not be reached.")
"""Also where the rules refuse it: nobody learns from it what there is in the studio's network."""
NO_ANSWER = tr_lazy("It closed the connection without an answer.")
ANSWER_BYTES = 64 * 1024
_READ_AT_ONCE = 16 * 1024
_deadline: ContextVar[float] = ContextVar("outgoing_deadline", default=float("inf"))
"""On the monotonic clock: when the request of this thread has to be over, however slowly bytes drip in."""

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) -> all its addresses, in the order to try them. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` None: there was no answer, and `error` says why. `text`: the answer's beginning; `is_cut`: there was more.

    `timed_out`: it was reached and did not answer in time. `latency_s`: until the answer's head, None without an answer.
    """

    status: int | None
    error: str = ""
    timed_out: bool = False
    text: str = ""
    is_cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    latency_s: float | None = None

    @property
    def is_success(self) -> bool:
        """2xx alone: redirects are not followed."""
        return self.status is not None and 200 <= self.status < 300


def resolve_all(host: str, port: int) -> list[str]:
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in entries))


class OutgoingClient:
    """Connections are kept and may be used by many threads at once. Keeps no cookies, follows no redirects, and does not read
    the proxy variables of the environment, which would go around the checks."""

    def __init__(self, rules: OutgoingRules, *, timeout_s: float, user_agent: str = "", resolve: Resolve = resolve_all) -> None:
        self._timeout_s = timeout_s
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        headers = {"accept-encoding": "identity", **({"user-agent": user_agent} if user_agent else {})}
        self._client = httpx.Client(
            transport=_CheckedTransport(rules, resolve),
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            cookies=no_cookies,
            headers=headers,
        )

    def __enter__(self) -> OutgoingClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        max_answer_bytes: int = ANSWER_BYTES,
    ) -> Answer:
        """One request, which ends within `timeout_s`. Raises nothing for what the other side does."""
        started_at = time.monotonic()
        token = _deadline.set(started_at + self._timeout_s)
        try:
            request = self._client.build_request(method, url, content=content, headers=headers)
            response = self._client.send(request, stream=True)
            latency_s = time.monotonic() - started_at
            try:
                body, is_cut = _beginning(response, max_answer_bytes)
            finally:
                response.close()
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.InvalidURL,
            httpx.UnsupportedProtocol,
        ) as error:
            return Answer(None, _tls_trouble(error) or NOT_REACHED)
        except httpx.TimeoutException:
            return Answer(
                None, tr_lazy("It did not answer within {seconds:g} seconds.", seconds=self._timeout_s), timed_out=True
            )
        except (httpx.HTTPError, ValueError):
            return Answer(None, NO_ANSWER)
        finally:
            _deadline.reset(token)
        text = body.decode("utf-8", "replace").replace("\x00", "")
        return Answer(response.status_code, text=text, is_cut=is_cut, headers=dict(response.headers), latency_s=latency_s)


def _beginning(response: httpx.Response, max_bytes: int) -> tuple[bytes, bool]:
    """What came of the body until `max_bytes` or the deadline, and whether there was more."""
    body = bytearray()
    try:
        for chunk in response.iter_raw(_READ_AT_ONCE):
            body += chunk
            if len(body) > max_bytes:
                return bytes(body[:max_bytes]), True
    except httpx.HTTPError:
        return bytes(body), True
    return bytes(body), False


def _tls_trouble(error: BaseException) -> str:
    """What is wrong with the other side's certificate, "" when it is something else."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return tr_lazy("Its certificate is not valid: {reason}.", reason=cause.verify_message)
        cause = cause.__cause__ or cause.__context__
    return ""


class _CheckedTransport(httpx.HTTPTransport):
    """httpx's transport over a pool whose connections are checked. httpx has no parameter for the network beneath it."""

    def __init__(self, rules: OutgoingRules, resolve: Resolve) -> None:
        tls = httpx.create_ssl_context()  # reads SSL_CERT_FILE, for certificates of an authority of one's own
        super().__init__(verify=tls, trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=15.0,
            network_backend=_CheckedNetwork(rules, resolve),
        )


class _CheckedNetwork(httpcore.NetworkBackend):
    def __init__(self, rules: OutgoingRules, resolve: Resolve) -> None:
        self._rules, self._resolve, self._network = rules, resolve, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolved(self._resolve, host, port)
        if not self._rules.permits(host, port, addresses):
            raise httpcore.ConnectError(NOT_REACHED)
        for number, address in enumerate(addresses, start=1):
            try:
                stream = self._network.connect_tcp(address, port, _left(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
            else:
                return _DeadlineStream(stream)
        raise httpcore.ConnectError(NOT_REACHED)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose reads and writes end at the deadline of the request, not only when one of them takes too long."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, late: type[httpcore.TimeoutException] = httpcore.ConnectTimeout) -> float | None:
    """Seconds that one step may still take. Raises `late` when the deadline has passed."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise late
    if timeout is None:
        return None if left == float("inf") else left
    return min(timeout, left)


def _resolved(resolve: Resolve, host: str, port: int) -> Sequence[str]:
    """All addresses of `host`. The system's look-up cannot be ended, so it runs in a thread that is left behind when it hangs.

    Raises httpcore.ConnectError, httpcore.ConnectTimeout.
    """
    outcome: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            outcome.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            outcome.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        addresses = outcome.get(timeout=_left(None))
    except Empty:
        raise httpcore.ConnectTimeout(NOT_REACHED) from None
    if isinstance(addresses, OSError):
        raise httpcore.ConnectError(NOT_REACHED)
    return addresses

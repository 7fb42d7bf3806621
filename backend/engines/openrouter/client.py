"""The HTTP calls. Nothing is retried here, because a retry may be paid twice: the engine decides."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx

from backend.engines.openrouter.answer import AnswerReader, LlmRefused, LlmResponseLost
from backend.engines.openrouter.client_models import Completion, LlmErrorBody, Piece, PricedModel, parse_amount, parse_object

CONNECT_S = 5.0


class LlmUnreachable(Exception):
    """The request did not arrive: nothing is paid."""


class OpenRouterClient:
    """One server. Thread-safe. Every call raises LlmUnreachable, LlmResponseLost and LlmRefused.

    `key` may be empty for a server of one's own.
    """

    def __init__(self, url: str, key: str = "", *, read_s: float = 120.0, at_once: int = 100) -> None:
        self.url = url.rstrip("/")
        headers = {"X-OpenRouter-Title": "InfluencerAI Studio", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._pools = ConnectionPools(headers=headers, timeout=httpx.Timeout(read_s, connect=CONNECT_S), at_once=at_once)

    def close(self) -> None:
        self._pools.close()

    def chat(self, body: Mapping[str, Any]) -> Generator[Piece, None, Completion]:
        """Yields the text as it arrives and returns the completion. `body`: the request without the streaming options."""
        request = {**body, "stream": True, "stream_options": {"include_usage": True}}
        answer = AnswerReader()
        with (
            _translate_errors(answer),
            self._pools.borrow() as http,
            http.stream("POST", f"{self.url}/chat/completions", json=request) as response,
        ):
            if response.status_code >= 400:
                raise _refused(response)
            if "event-stream" in response.headers.get("content-type", ""):
                yield from answer.stream(response.iter_bytes())
            else:  # a server that does not stream, or an error under 200
                yield Piece(answer.whole(response), answer.id)
        return answer.completion()

    def models(self) -> list[PricedModel]:
        """Models with a price. A server without such a list raises LlmRefused with code 404."""
        entries = self._get("/models").get("data")
        models = [PricedModel.read(entry) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return [model for model in models if model is not None]

    def generation_cost(self, id: str) -> Decimal | None:
        """The cost of a finished generation in USD; None while the server does not list it yet (it appears late)."""
        try:
            data = self._get("/generation", id=id).get("data")
        except LlmRefused as error:
            if error.problem.code == httpx.codes.NOT_FOUND:
                return None
            raise
        return parse_amount(data.get("total_cost")) if isinstance(data, dict) else None

    def key(self) -> dict[str, Any]:
        """The key in use: label, limit, limit_remaining, usage …"""
        data = self._get("/key").get("data")
        return data if isinstance(data, dict) else {}

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        with _translate_errors(AnswerReader()), self._pools.borrow() as http:
            response = http.get(f"{self.url}{path}", params=query, timeout=httpx.Timeout(15.0, connect=CONNECT_S))
            if response.status_code >= 400:
                raise _refused(response)
            try:
                return parse_object(response.content)
            except ValueError as error:
                raise LlmResponseLost(f"{path} answered something else than JSON") from error


@contextmanager
def _translate_errors(answer: AnswerReader) -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise LlmUnreachable(str(error) or type(error).__name__) from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise LlmResponseLost(str(error) or type(error).__name__, id=answer.id) from error


def _refused(response: httpx.Response) -> LlmRefused:
    try:
        error = parse_object(response.read()).get("error")
    except ValueError:
        error = None
    return LlmRefused(LlmErrorBody.read(error, status=response.status_code, header=response.headers.get("retry-after")))


POOLS, FILL_FIRST = 16, 6


class ConnectionPools:
    """Thread-safe. The first pools are filled first, so that sequential requests reuse one connection.

    `at_once`: connections per pool; the total is bounded by the calling threads.
    """

    def __init__(self, *, headers: Mapping[str, str], timeout: httpx.Timeout, at_once: int) -> None:
        # Short expiry: a request on a connection that the server is just closing would count as lost.
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once, keepalive_expiry=2.0)
        ssl_context = httpx.create_ssl_context()
        self._pools = [httpx.Client(headers=headers, timeout=timeout, limits=limits, verify=ssl_context) for _ in range(POOLS)]
        self._busy = [0] * POOLS
        self._lock = threading.Lock()

    @contextmanager
    def borrow(self) -> Iterator[httpx.Client]:
        with self._lock:
            free = next((n for n, busy in enumerate(self._busy) if busy < FILL_FIRST), None)
            n = min(range(POOLS), key=self._busy.__getitem__) if free is None else free
            self._busy[n] += 1
        try:
            yield self._pools[n]
        finally:
            with self._lock:
                self._busy[n] -= 1

    def close(self) -> None:
        for pool in self._pools:
            pool.close()

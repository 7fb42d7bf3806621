"""The calls. Nothing is sent twice here: whoever pays decides whether to ask again."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx

from backend.engines.openrouter.answer import Answer, Lost, Refusal
from backend.engines.openrouter.client_models import Completion, Piece, PricedModel, Problem, amount, loads
from backend.engines.openrouter.connection_pools import Lanes

CONNECT_S = 5.0


class Away(Exception):
    """The request did not arrive: nothing was done, nothing is paid."""


class Client:
    """One server. Thread-safe. Every call raises Away, Lost and Refusal. `key` may be empty: a server of one's own."""

    def __init__(self, url: str, key: str = "", *, read_s: float = 120.0, at_once: int = 100) -> None:
        self.url = url.rstrip("/")
        heads = {"X-OpenRouter-Title": "InfluencerAI Studio", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._lanes = Lanes(headers=heads, timeout=httpx.Timeout(read_s, connect=CONNECT_S), at_once=at_once)

    def close(self) -> None:
        self._lanes.close()

    def chat(self, body: Mapping[str, Any]) -> Generator[Piece, None, Completion]:
        """Yields the text as it comes and returns the whole. `body` as the server takes it; it is asked to stream."""
        order = {**body, "stream": True, "stream_options": {"include_usage": True}}
        answer = Answer()
        with (
            _told(answer),
            self._lanes.one() as http,
            http.stream("POST", f"{self.url}/chat/completions", json=order) as response,
        ):
            if response.status_code >= 400:
                raise _refusal(response)
            if "event-stream" in response.headers.get("content-type", ""):
                yield from answer.stream(response.iter_bytes())
            else:  # a server that does not stream, or an error under 200
                yield Piece(answer.whole(response), answer.id)
        return answer.completion()

    def models(self) -> list[PricedModel]:
        """Those with a price. A server without such a list (Refusal 404) has none."""
        found = self._get("/models").get("data")
        read = [PricedModel.read(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        return [one for one in read if one is not None]

    def generation_cost(self, id: str) -> Decimal | None:
        """What a finished generation cost in USD; None while the server does not know it (it appears late)."""
        try:
            data = self._get("/generation", id=id).get("data")
        except Refusal as refused:
            if refused.problem.code == httpx.codes.NOT_FOUND:
                return None
            raise
        return amount(data.get("total_cost")) if isinstance(data, dict) else None

    def key(self) -> dict[str, Any]:
        """label, limit, limit_remaining, usage … of the key in use."""
        data = self._get("/key").get("data")
        return data if isinstance(data, dict) else {}

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        with _told(Answer()), self._lanes.one() as http:
            response = http.get(f"{self.url}{path}", params=query, timeout=httpx.Timeout(15.0, connect=CONNECT_S))
            if response.status_code >= 400:
                raise _refusal(response)
            try:
                return loads(response.content)
            except ValueError as error:
                raise Lost(f"{path} answered something else than JSON") from error


@contextmanager
def _told(answer: Answer) -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Away(str(error) or type(error).__name__) from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise Lost(str(error) or type(error).__name__, id=answer.id) from error


def _refusal(response: httpx.Response) -> Refusal:
    try:
        error = loads(response.read()).get("error")
    except ValueError:
        error = None
    return Refusal(Problem.read(error, status=response.status_code, header=response.headers.get("retry-after")))

"""The calls. Nothing is sent twice here: whoever pays decides whether to ask again."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any

import httpx

from backend.clients.openrouter.lanes import Lanes
from backend.clients.openrouter.shapes import Completion, Piece, PricedModel, Problem, amount, loads, tokens

CONNECT_S = 5.0
_ID = re.compile(r'"id"\s*:\s*"(gen-[\w-]+)"')


class Away(Exception):
    """The request did not arrive: nothing was done, nothing is paid."""


class Lost(Exception):
    """The request arrived and its answer did not come back whole: it may have been paid. `id`: to ask about it, or ""."""

    def __init__(self, why: str, *, id: str = "") -> None:
        super().__init__(why)
        self.id = id


class Refusal(Exception):
    """The server said no before it made anything: nothing is paid (B5: failed-empty replies are not charged)."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code} {problem.kind} {problem.message}".strip())
        self.problem = problem


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
        answer = _Answer()
        with (
            _told(answer),
            self._lanes.one() as http,
            http.stream("POST", f"{self.url}/chat/completions", json=order) as response,
        ):
            if response.status_code >= 400:
                raise _refusal(response)
            if "event-stream" in response.headers.get("content-type", ""):
                yield from answer.stream(_lines(response.iter_bytes()))
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
        with _told(_Answer()), self._lanes.one() as http:
            response = http.get(f"{self.url}{path}", params=query, timeout=httpx.Timeout(15.0, connect=CONNECT_S))
            if response.status_code >= 400:
                raise _refusal(response)
            try:
                return loads(response.content)
            except ValueError as error:
                raise Lost(f"{path} answered something else than JSON") from error


class _Answer:
    """What has arrived of one answer."""

    def __init__(self) -> None:
        self.id = self.model = self.finish = ""
        self.parts: list[str] = []
        self.usage: dict[str, Any] = {}

    def stream(self, lines: Iterator[str]) -> Iterator[Piece]:
        for line in lines:
            if line.startswith(":"):
                yield Piece("", self.id)  # B5: comments, to be skipped; they say that it lives
            elif line.startswith("data:"):
                data = line[5:].strip()
                if data == "[DONE]":
                    # Read to its end, for only then the connection serves the next call; all that counts has been said.
                    with suppress(httpx.TransportError):
                        deque(lines, maxlen=0)
                    return
                yield Piece(self._take(data), self.id)
        if not self.finish:
            raise Lost("the stream ended in the middle", id=self.id)

    def whole(self, response: httpx.Response) -> str:
        body = bytearray()
        try:
            for part in response.iter_bytes():
                body += part
            return self._take(bytes(body))
        except httpx.TransportError:
            self._look(bytes(body))
            raise

    def _take(self, data: str | bytes) -> str:
        try:
            said = loads(data)
        except ValueError as broken:
            self._look(data)
            raise Lost("the answer is no JSON", id=self.id) from broken
        choices = said.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        self.id = str(said.get("id") or self.id)
        self.model = str(said.get("model") or self.model)
        self.usage = said["usage"] if isinstance(said.get("usage"), dict) else self.usage
        self.finish = str(choice.get("finish_reason") or self.finish)
        if error := said.get("error") or choice.get("error"):
            self._failed(error)
        message = choice.get("message") or choice.get("delta")
        text = (message.get("content") or message.get("refusal")) if isinstance(message, dict) else None
        text = text if isinstance(text, str) else ""
        self.parts.append(text)
        return text

    def _failed(self, error: object) -> None:
        """Nothing made yet: a refusal like any other. In the middle: what it cost is not known."""
        problem = Problem.read(error, status=200)
        if any(self.parts) or self.usage.get("completion_tokens"):
            raise Lost(f"it failed in the middle: {problem.message}", id=self.id)
        raise Refusal(problem)

    def _look(self, data: str | bytes) -> None:
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        self.id = self.id or (found.group(1) if (found := _ID.search(text)) else "")

    def completion(self) -> Completion:
        """Raises Lost when nothing was finished."""
        if not self.finish:
            raise Lost("the answer has no end", id=self.id)
        usage = self.usage
        used = tokens(usage, "prompt_tokens"), tokens(usage, "completion_tokens")
        return Completion(self.id, self.model, "".join(self.parts), self.finish, *used, amount(usage.get("cost")))


def _lines(parts: Iterator[bytes]) -> Iterator[str]:
    """Of an event stream: they end with a line feed and nothing else. httpx's own also end at U+2028 and its like, which may
    stand in the middle of an answer's JSON."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")


@contextmanager
def _told(answer: _Answer) -> Iterator[None]:
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

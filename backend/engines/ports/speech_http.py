"""What servers that speak have in common: which answers cost nothing, and which may have been paid. Pure but for `post`."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from typing import Any, TypeVar

import httpx

from backend.engines.ports.events import Alive, Event
from backend.engines.ports.speech import SpeechLost
from backend.errors import EngineError, EngineUnavailable, RateLimited, Rejected, Unsupported
from backend.language import tr_lazy

MAX_ANSWER = 200 * 1024 * 1024
"""Bytes: an hour of sound. More is refused, so that a server cannot fill the memory."""
_RETRY_S, _MAX_RETRY_S = 20.0, 600.0
_USED_UP = ("insufficient_quota", "quota_exceeded")
T = TypeVar("T")


def price(text: str, usd_per_million: float) -> Decimal:
    """USD for speaking `text`, by the operator's price of a million characters."""
    return Decimal(len(text)) * Decimal(str(usd_per_million)) / 1_000_000


def alive(waiting: Generator[None, None, T]) -> Generator[Event, None, T]:
    """Alive for each second of waiting."""
    try:
        while True:
            try:
                next(waiting)
            except StopIteration as end:
                result: T = end.value
                return result
            yield Alive()
    finally:
        waiting.close()


def post(client: httpx.Client, url: str, body: dict[str, Any], **options: Any) -> httpx.Response:
    """Raises EngineUnavailable, RateLimited, Rejected, Unsupported (nothing was paid), and SpeechLost (it may have been)."""
    try:
        with client.stream("POST", url, json=body, **options) as streamed:
            parts, size = [], 0
            for part in streamed.iter_bytes():
                size += len(part)
                if size > MAX_ANSWER:
                    raise SpeechLost(
                        tr_lazy("The speech server never stopped sending, so it was cut off. It may have been paid.")
                    )
                parts.append(part)
            answer = httpx.Response(streamed.status_code, headers=_plain(streamed.headers), content=b"".join(parts))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise EngineUnavailable(tr_lazy("The speech server does not answer. It is tried again.")) from error
    except (httpx.TransportError, httpx.DecodingError, RuntimeError) as error:  # RuntimeError: the client was closed meanwhile
        raise SpeechLost(tr_lazy("The speech server's answer was lost on its way. It may have been paid.")) from error
    if answer.status_code >= 400:
        raise refusal(answer)
    return answer


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Without what was true of the bytes on the wire only."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "transfer-encoding")}


def refusal(answer: httpx.Response) -> EngineError:
    """The error of an answer of 400 and above."""
    code, message = _problem(answer)
    server_message = f" It says: {message[:200]}" if message else ""
    match answer.status_code:
        case 401 | 403:
            return Unsupported(
                tr_lazy(
                    "The speech server refuses the studio's key. Whoever runs the studio has to set another "
                    "one.{server_message}",
                    server_message=server_message,
                )
            )
        case 402:
            return Unsupported(
                tr_lazy(
                    "What was paid to the speech server is used up. Add to it there.{server_message}",
                    server_message=server_message,
                )
            )
        case 429 if code in _USED_UP:
            return Unsupported(
                tr_lazy(
                    "What was paid to the speech server is used up. Add to it there.{server_message}",
                    server_message=server_message,
                )
            )
        case 429:
            return RateLimited(tr_lazy("The speech server is overloaded. It is asked again."), retry_after=_retry_after(answer))
        case 500 | 503:
            return EngineUnavailable(tr_lazy("The speech server failed. It is asked again."))
        case status if status >= 500:
            return SpeechLost(tr_lazy("The speech server's answer was lost on its way. It may have been paid."))
    if server_message:
        return Rejected(tr_lazy("The speech server did not take this text.{server_message}", server_message=server_message))
    return Rejected(tr_lazy("The speech server did not take this text. Change it, or choose another voice."))


def _retry_after(answer: httpx.Response) -> float:
    try:
        return min(_MAX_RETRY_S, max(1.0, float(answer.headers.get("retry-after", _RETRY_S))))
    except ValueError:
        return _RETRY_S


def _problem(answer: httpx.Response) -> tuple[str, str]:
    """(code, message) as OpenAI (`error`) and ElevenLabs (`detail`) write them; empty where the answer says neither."""
    try:
        body = answer.json()
    except ValueError:
        return "", ""
    problem = (body.get("error") or body.get("detail")) if isinstance(body, dict) else None
    if isinstance(problem, list) and problem:
        problem = problem[0]
    if isinstance(problem, str):
        return "", problem
    if not isinstance(problem, dict):
        return "", ""
    code = problem.get("code") or problem.get("status") or problem.get("type") or ""
    return str(code), str(problem.get("message") or problem.get("msg") or "")

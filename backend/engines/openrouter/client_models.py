"""What the server says, as frozen values. Money and prices are Decimal: read from the text of the JSON, never through float."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, Literal

RETRYABLE = frozenset({408, 429, 500, 502, 503, 504, 524, 529})
_BY_KIND = {
    "rate_limit_exceeded": 429, "provider_overloaded": 503, "provider_unavailable": 502, "payment_required": 402,
    "context_length_exceeded": 400, "invalid_request": 400, "content_policy_violation": 400, "refusal": 400,
    "invalid_image": 400, "image_too_large": 400, "image_download_failed": 400, "timeout": 504, "server": 500,
}  # fmt: skip


Ending = Literal["whole", "cut", "refused"]
"""`cut`: the model had no more room; `refused`: the model or a filter of its provider stopped the answer."""
_ENDINGS: dict[str, Ending] = {
    "length": "cut", "max_tokens": "cut", "max_output_tokens": "cut", "model_length": "cut",
    "content_filter": "refused", "refusal": "refused", "safety": "refused", "prohibited_content": "refused",
    "blocklist": "refused", "recitation": "refused", "spii": "refused", "guardrail_intervened": "refused",
}  # fmt: skip
"""finish_reason, and native_finish_reason of providers whose own word says more."""
_READER = json.JSONDecoder(parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class PricedModel:
    """Prices in USD: per prompt token, per completion token, per request, per picture sent."""

    id: str
    prompt: Decimal
    completion: Decimal
    request: Decimal = Decimal(0)
    image: Decimal = Decimal(0)

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> PricedModel | None:
        """None when the list names no price for it (or a negative one: “depends”)."""
        pricing = said.get("pricing")
        if not isinstance(pricing, dict):
            return None
        prompt, completion = amount(pricing.get("prompt")), amount(pricing.get("completion"))
        request, image = amount(pricing.get("request", "0")), amount(pricing.get("image", "0"))
        if prompt is None or completion is None or request is None or image is None:
            return None
        return cls(str(said.get("id", "")), prompt, completion, request, image)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more of the answer's text; empty: a sign of life. `id`: the generation's, as soon as it is known."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer that has come to its end. `model`: the one that answered. `cost_usd` None: the server does not say.

    `refusal`: what the model said instead of an answer. `arguments`: of a tool that it called, when it called exactly one.
    """

    id: str
    model: str
    text: str
    ending: Ending
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: Decimal | None
    refusal: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of either shape. `retry_after` in seconds; `kind`: the stable word (metadata.error_type), or ""."""

    code: int
    message: str
    kind: str = ""
    retry_after: float | None = None
    final: bool = False

    @property
    def retryable(self) -> bool:
        return not self.final and (self.code in RETRYABLE or (self.code == 402 and self.retry_after is not None))

    @classmethod
    def read(cls, error: object, *, status: int, header: str | None = None) -> Problem:
        """`error`: what stood under that name. `status` counts where the error names no code; `header`: Retry-After."""
        said: dict[str, Any] = error if isinstance(error, dict) else {"message": str(error or "")}
        more = found if isinstance(found := said.get("metadata"), dict) else {}
        later = found if isinstance(found := said.get("availability"), dict) else {}
        kind = str(more.get("error_type") or said.get("error_type") or "")
        kind = kind or ("content_policy_violation" if more.get("reasons") else "")  # openrouter.md, 6: moderation
        named = next((int(str(c)) for c in (said.get("code"), said.get("http_status")) if str(c or "").isdigit()), None)
        code = named or _BY_KIND.get(kind) or (status if status >= 400 else 500)
        wait = _seconds(header)
        wait = _seconds(later.get("retry_after")) if wait is None else wait
        message = str(said.get("message") or "")[:500]
        return cls(code, message, kind, wait, later.get("retryable") is False)


def ending(finish: str, native: str = "") -> Ending:
    return _ENDINGS.get(finish.lower()) or _ENDINGS.get(native.lower()) or "whole"


def amount(value: object) -> Decimal | None:
    """A decimal number of zero or more, else None."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found >= 0 else None


def loads(text: str | bytes) -> dict[str, Any]:
    """Raises ValueError for what is no JSON object."""
    said = _READER.decode(text) if isinstance(text, str) else json.loads(text, parse_float=Decimal)
    if not isinstance(said, dict):
        raise ValueError("not an object")
    return said


def tokens(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and value >= 0 else None


def _seconds(value: object) -> float | None:
    """Of a number of seconds or an HTTP date (RFC 9110, 10.2.3)."""
    if (found := amount(value)) is not None:
        return float(found)
    try:
        at = parsedate_to_datetime(str(value))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())

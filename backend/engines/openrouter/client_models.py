"""The server's answers as frozen values. Amounts are Decimal, parsed from the JSON text and never through float."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, Literal

RETRYABLE = frozenset({408, 429, 500, 502, 503, 504, 524, 529})
_CODE_BY_KIND = {
    "rate_limit_exceeded": 429,
    "provider_overloaded": 503,
    "provider_unavailable": 502,
    "payment_required": 402,
    "context_length_exceeded": 400,
    "invalid_request": 400,
    "content_policy_violation": 400,
    "refusal": 400,
    "invalid_image": 400,
    "image_too_large": 400,
    "image_download_failed": 400,
    "timeout": 504,
    "server": 500,
}


Ending = Literal["whole", "cut", "refused"]
"""`cut`: the token limit was reached; `refused`: the model or a filter of its provider stopped the answer."""
_ENDINGS: dict[str, Ending] = {
    "length": "cut",
    "max_tokens": "cut",
    "max_output_tokens": "cut",
    "model_length": "cut",
    "content_filter": "refused",
    "refusal": "refused",
    "safety": "refused",
    "prohibited_content": "refused",
    "blocklist": "refused",
    "recitation": "refused",
    "spii": "refused",
    "guardrail_intervened": "refused",
}
"""Values of finish_reason, and of native_finish_reason, which is more specific with some providers."""
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
    def read(cls, entry: Mapping[str, Any]) -> PricedModel | None:
        """None when the list has no price for it, or a negative one (“depends”)."""
        pricing = entry.get("pricing")
        if not isinstance(pricing, dict):
            return None
        prompt, completion = parse_amount(pricing.get("prompt")), parse_amount(pricing.get("completion"))
        request, image = parse_amount(pricing.get("request", "0")), parse_amount(pricing.get("image", "0"))
        if prompt is None or completion is None or request is None or image is None:
            return None
        return cls(str(entry.get("id", "")), prompt, completion, request, image)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer's text; empty: a keep-alive. `id`: the generation's, as soon as it is known."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished answer. `model`: the one that answered. `cost_usd` None: not reported.

    `refusal`: the model's refusal text. `arguments`: those of the tool call, if there was exactly one.
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
class LlmErrorBody:
    """An error of either format. `retry_after` in seconds; `kind`: the stable error type (metadata.error_type), or "".

    `final`: the server says that retrying is useless.
    """

    code: int
    message: str
    kind: str = ""
    retry_after: float | None = None
    final: bool = False

    @property
    def retryable(self) -> bool:
        return not self.final and (self.code in RETRYABLE or (self.code == 402 and self.retry_after is not None))

    @classmethod
    def read(cls, error: object, *, status: int, header: str | None = None) -> LlmErrorBody:
        """`error`: the value of the `error` field. `status` counts if it names no code; `header`: Retry-After."""
        body: dict[str, Any] = error if isinstance(error, dict) else {"message": str(error or "")}
        details = raw if isinstance(raw := body.get("metadata"), dict) else {}
        availability = raw if isinstance(raw := body.get("availability"), dict) else {}
        kind = str(details.get("error_type") or body.get("error_type") or "")
        kind = kind or ("content_policy_violation" if details.get("reasons") else "")  # openrouter.md, 6: moderation
        named_code = next(
            (int(str(value)) for value in (body.get("code"), body.get("http_status")) if str(value or "").isdigit()), None
        )
        code = named_code or _CODE_BY_KIND.get(kind) or (status if status >= 400 else 500)
        retry_after = _seconds(header)
        retry_after = _seconds(availability.get("retry_after")) if retry_after is None else retry_after
        message = str(body.get("message") or "")[:500]
        return cls(code, message, kind, retry_after, availability.get("retryable") is False)


def answer_ending(finish: str, native: str = "") -> Ending:
    return _ENDINGS.get(finish.lower()) or _ENDINGS.get(native.lower()) or "whole"


def parse_amount(value: object) -> Decimal | None:
    """A decimal number of zero or more, else None."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Raises ValueError for what is no JSON object."""
    data = _READER.decode(text) if isinstance(text, str) else json.loads(text, parse_float=Decimal)
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return data


def token_count(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and value >= 0 else None


def _seconds(value: object) -> float | None:
    """Seconds from now, from a number of seconds or an HTTP date (RFC 9110, 10.2.3)."""
    if (number := parse_amount(value)) is not None:
        return float(number)
    try:
        at = parsedate_to_datetime(str(value))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())

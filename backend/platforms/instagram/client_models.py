"""What Instagram says, as frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.platforms.http_base import json_object, part, seconds, whole


@dataclass(frozen=True, slots=True)
class Container:
    """`status_code`: IN_PROGRESS, FINISHED, ERROR, EXPIRED, PUBLISHED. `status`: a text that names the subcode on ERROR."""

    id: str
    status_code: str
    status: str


@dataclass(frozen=True, slots=True)
class Usage:
    """content_publishing_limit. `total` None: it does not say; `duration` in seconds."""

    used: int
    total: int | None
    duration: int


@dataclass(frozen=True, slots=True)
class Me:
    id: str
    username: str
    name: str
    picture: str


@dataclass(frozen=True, slots=True)
class Token:
    """`expires_in` in seconds; None: it does not say (a short one: an hour)."""

    access_token: str = field(repr=False)
    expires_in: float | None = None
    user_id: str = ""
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """{"error": {…}} of instagram.md, 5. `retry_after` in seconds: X-Business-Use-Case-Usage (minutes there) or Retry-After."""

    status: int
    code: int
    subcode: int
    message: str
    user_message: str = ""
    transient: bool = False
    trace: str = ""
    retry_after: float | None = None

    @classmethod
    def read(cls, response: httpx.Response) -> Problem:
        whole_body = json_object(response)
        error = part(whole_body, "error")
        # The token endpoint has a shape of its own: {"error_type", "code", "error_message"}.
        message = error.get("message") or whole_body.get("error_message") or f"HTTP {response.status_code}"
        return cls(
            response.status_code,
            _signed(error.get("code") or whole_body.get("code")),
            _signed(error.get("error_subcode")),
            str(message)[:500],
            str(error.get("error_user_msg") or error.get("error_user_title") or "")[:300],
            bool(error.get("is_transient")),
            str(error.get("fbtrace_id") or ""),
            _wait(response.headers),
        )


class Refusal(Exception):
    """An answer that says no."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}/{problem.subcode} {problem.message}")
        self.problem = problem


def _signed(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _wait(headers: Mapping[str, str]) -> float | None:
    try:
        usage: Any = json.loads(headers.get("x-business-use-case-usage", "{}"))
        entries = [one for group in usage.values() for one in group]
        minutes = [whole(one.get("estimated_time_to_regain_access")) or 0 for one in entries]
    except (ValueError, AttributeError, TypeError):
        minutes = []
    longest = max(minutes, default=0)
    return longest * 60.0 if longest else seconds(headers.get("retry-after"))

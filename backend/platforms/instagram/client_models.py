"""Instagram's answers as frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.platforms.http_base import PlatformApiError, json_object, non_negative_int, parse_seconds, sub_object


@dataclass(frozen=True, slots=True)
class Container:
    """`status_code`: IN_PROGRESS, FINISHED, ERROR, EXPIRED, PUBLISHED. `status`: text that names the subcode of an ERROR."""

    id: str
    status_code: str
    status: str


@dataclass(frozen=True, slots=True)
class Usage:
    """content_publishing_limit. `total` None: not in the answer; `duration` in seconds."""

    used: int
    total: int | None
    duration: int


@dataclass(frozen=True, slots=True)
class InstagramProfile:
    id: str
    username: str
    name: str
    picture: str


@dataclass(frozen=True, slots=True)
class InstagramToken:
    """`expires_in` in seconds; None: not in the answer (a short-lived token lasts an hour)."""

    access_token: str = field(repr=False)
    expires_in: float | None = None
    user_id: str = ""
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InstagramErrorBody:
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
    def read(cls, response: httpx.Response) -> InstagramErrorBody:
        body = json_object(response)
        error = sub_object(body, "error")
        # The token endpoint answers {"error_type", "code", "error_message"} instead.
        message = error.get("message") or body.get("error_message") or f"HTTP {response.status_code}"
        return cls(
            response.status_code,
            _to_int(error.get("code") or body.get("code")),
            _to_int(error.get("error_subcode")),
            str(message)[:500],
            str(error.get("error_user_msg") or error.get("error_user_title") or "")[:300],
            bool(error.get("is_transient")),
            str(error.get("fbtrace_id") or ""),
            _retry_after(response.headers),
        )


class InstagramApiError(PlatformApiError):
    """An error answer of the API."""

    def __init__(self, problem: InstagramErrorBody) -> None:
        super().__init__(f"{problem.status} {problem.code}/{problem.subcode} {problem.message}")
        self.problem, self.http_status = problem, problem.status


def _to_int(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        usage: Any = json.loads(headers.get("x-business-use-case-usage", "{}"))
        entries = [entry for group in usage.values() for entry in group]
        minutes = [non_negative_int(entry.get("estimated_time_to_regain_access")) or 0 for entry in entries]
    except (ValueError, AttributeError, TypeError):
        minutes = []
    longest = max(minutes, default=0)
    return longest * 60.0 if longest else parse_seconds(headers.get("retry-after"))

"""What YouTube and Google's token endpoint say, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.platforms.http_base import json_object, part, seconds


@dataclass(frozen=True, slots=True)
class Video:
    """`upload_status`: uploaded, processed, failed, rejected, deleted. Reasons: "" unless it failed or was rejected."""

    id: str
    upload_status: str = ""
    failure_reason: str = ""
    rejection_reason: str = ""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Video:
        status = part(told, "status")
        return cls(
            str(told.get("id", "")),
            str(status.get("uploadStatus", "")),
            str(status.get("failureReason", "")),
            str(status.get("rejectionReason", "")),
        )


@dataclass(frozen=True, slots=True)
class Upload:
    """How far a session is: `video` when it is whole, else `stored` bytes."""

    stored: int = 0
    video: Video | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    title: str
    handle: str
    picture: str


@dataclass(frozen=True, slots=True)
class Token:
    """Times in seconds from now. `refresh_token` "": none came back, the old one stays."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_in: float | None = None
    refresh_expires_in: float | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """{"error": {"code", "message", "errors": [{"domain", "reason"}]}}; tokens: {"error": "invalid_grant", …}."""

    status: int
    reason: str
    message: str
    retry_after: float | None = None

    @classmethod
    def read(cls, response: httpx.Response) -> Problem:
        told = json_object(response)
        error = part(told, "error")
        listed = error.get("errors")
        first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
        plain = told.get("error") if isinstance(told.get("error"), str) else ""
        message = error.get("message") or told.get("error_description") or ""
        after = seconds(response.headers.get("retry-after"))
        return cls(response.status_code, str(first.get("reason") or plain or ""), str(message)[:500], after)


class Refusal(Exception):
    """An answer that says no."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.reason} {problem.message}".strip())
        self.problem = problem

"""Answers of YouTube and Google's token endpoint as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.platforms.http_base import PlatformApiError, json_object, parse_seconds, sub_object


@dataclass(frozen=True, slots=True)
class Video:
    """`upload_status`: uploaded, processed, failed, rejected, deleted. Reasons: "" unless it failed or was rejected."""

    id: str
    upload_status: str = ""
    failure_reason: str = ""
    rejection_reason: str = ""

    @classmethod
    def read(cls, resource: Mapping[str, Any]) -> Video:
        status = sub_object(resource, "status")
        return cls(
            str(resource.get("id", "")),
            str(status.get("uploadStatus", "")),
            str(status.get("failureReason", "")),
            str(status.get("rejectionReason", "")),
        )


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """How far an upload session is: `video` when it is complete, else `stored` bytes."""

    stored: int = 0
    video: Video | None = None


@dataclass(frozen=True, slots=True)
class YouTubeChannel:
    id: str
    title: str
    handle: str
    picture: str


@dataclass(frozen=True, slots=True)
class YouTubeToken:
    """Times in seconds from now. `refresh_token` "": not in the answer, the old one stays valid."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_in: float | None = None
    refresh_expires_in: float | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class YouTubeErrorBody:
    """{"error": {"code", "message", "errors": [{"domain", "reason"}]}}; tokens: {"error": "invalid_grant", …}."""

    status: int
    reason: str
    message: str
    retry_after: float | None = None

    @classmethod
    def read(cls, response: httpx.Response) -> YouTubeErrorBody:
        answer = json_object(response)
        error = sub_object(answer, "error")
        errors = error.get("errors")
        first_error = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        plain_error = answer.get("error") if isinstance(answer.get("error"), str) else ""
        message = error.get("message") or answer.get("error_description") or ""
        retry_after = parse_seconds(response.headers.get("retry-after"))
        return cls(response.status_code, str(first_error.get("reason") or plain_error or ""), str(message)[:500], retry_after)


class YouTubeApiError(PlatformApiError):
    """An error answer of the API."""

    def __init__(self, problem: YouTubeErrorBody) -> None:
        super().__init__(f"{problem.status} {problem.reason} {problem.message}".strip())
        self.problem, self.http_status = problem, problem.status

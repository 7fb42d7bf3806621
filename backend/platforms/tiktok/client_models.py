"""TikTok's answers as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.platforms.http_base import PlatformApiError, json_object, non_negative_int, parse_seconds, sub_object


@dataclass(frozen=True, slots=True)
class Creator:
    """creator_info: read before each post."""

    username: str
    nickname: str
    avatar: str
    privacy: tuple[str, ...]
    comment_disabled: bool
    duet_disabled: bool
    stitch_disabled: bool
    max_video_s: float | None

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Creator:
        options = data.get("privacy_level_options")
        return cls(
            str(data.get("creator_username", "")),
            str(data.get("creator_nickname", "")),
            str(data.get("creator_avatar_url", "")),
            tuple(str(option) for option in options) if isinstance(options, list) else (),
            bool(data.get("comment_disabled")),
            bool(data.get("duet_disabled")),
            bool(data.get("stitch_disabled")),
            parse_seconds(data.get("max_video_post_duration_sec")),
        )


@dataclass(frozen=True, slots=True)
class Init:
    """`upload_url`: for FILE_UPLOAD, valid for an hour; as secret as a token."""

    publish_id: str
    upload_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Status:
    """`post_ids`: of public posts only, after moderation. `uploaded` in bytes; None: not in the answer."""

    status: str
    fail_reason: str = ""
    post_ids: tuple[str, ...] = ()
    uploaded: int | None = None

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Status:
        # TikTok spells it like this (tiktok.md, 4).
        ids = data.get("publicaly_available_post_id")
        post_ids = tuple(str(post_id) for post_id in ids) if isinstance(ids, list) else ()
        return cls(
            str(data.get("status", "")),
            str(data.get("fail_reason") or ""),
            post_ids,
            non_negative_int(data.get("uploaded_bytes")),
        )


@dataclass(frozen=True, slots=True)
class TikTokToken:
    """Times in seconds from now. `open_id`: the account, for this app."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: float | None
    refresh_expires_in: float | None
    open_id: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TikTokErrorBody:
    """{"error": {"code", "message", "log_id"}}; `code` is a word. The token endpoint answers {"error", "error_description"}."""

    status: int
    code: str
    message: str
    log_id: str = ""
    retry_after: float | None = None

    @classmethod
    def read(cls, response: httpx.Response) -> TikTokErrorBody:
        answer = json_object(response)
        error = sub_object(answer, "error")
        code = error.get("code") or (answer.get("error") if isinstance(answer.get("error"), str) else "")
        return cls(
            response.status_code,
            str(code or ""),
            str(error.get("message") or answer.get("error_description") or "")[:500],
            str(error.get("log_id") or answer.get("log_id") or ""),
            parse_seconds(response.headers.get("retry-after")),
        )


class TikTokApiError(PlatformApiError):
    """An error answer of the API."""

    def __init__(self, problem: TikTokErrorBody) -> None:
        super().__init__(f"{problem.status} {problem.code} {problem.message}".strip())
        self.problem, self.http_status = problem, problem.status

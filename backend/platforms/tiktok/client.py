"""Client of TikTok's Content Posting API, its answers as frozen values; docs/contracts/tiktok.md.

Each call raises ConnectError, ResponseLost (http_base) and TikTokApiError. An answer is a success only with error.code == "ok".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.platforms.http_base import (
    HttpClient,
    PlatformApiError,
    ResponseLost,
    json_object,
    non_negative_int,
    parse_seconds,
    sub_object,
)

_PUBLISH = "/v2/post/publish"


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


class TikTokClient:
    def __init__(self, url: str, *, timeout_s: float = 60.0) -> None:
        self._http = HttpClient(url, timeout_s=timeout_s)

    def close(self) -> None:
        self._http.close()

    def creator(self, token: str) -> Creator:
        return Creator.read(self._post(f"{_PUBLISH}/creator_info/query/", {}, token))

    def init_video(self, info: Mapping[str, Any], source: Mapping[str, Any], token: str) -> Init:
        """Starts a FILE_UPLOAD; nothing is visible before its last byte."""
        return self._init(f"{_PUBLISH}/video/init/", {"post_info": dict(info), "source_info": dict(source)}, token)

    def init_pictures(self, body: Mapping[str, Any], token: str) -> Init:
        """Irreversible: TikTok fetches the pictures and posts them."""
        return self._init(f"{_PUBLISH}/content/init/", dict(body), token)

    def put(self, upload_url: str, data: bytes, *, first: int, total: int, mime: str) -> int:
        """Uploads one chunk from byte `first`. Returns the status: 206 more is expected, 200 or 201 complete."""
        headers = {"Content-Type": mime, "Content-Range": f"bytes {first}-{first + len(data) - 1}/{total}"}
        response = self._http.send("PUT", upload_url, data=data, headers=headers)
        if response.status_code not in (200, 201, 206):
            raise TikTokApiError(TikTokErrorBody.read(response))
        return response.status_code

    def status(self, publish_id: str, token: str) -> Status:
        return Status.read(self._post(f"{_PUBLISH}/status/fetch/", {"publish_id": publish_id}, token))

    def token(self, form: Mapping[str, str]) -> TikTokToken:
        """POST /v2/oauth/token/ for a code or a refresh token; the refresh token that comes back may be a new one."""
        response = self._http.send("POST", "/v2/oauth/token/", form=form)
        answer = json_object(response)
        if response.status_code >= 300 or "error" in answer:
            raise TikTokApiError(TikTokErrorBody.read(response))
        if not answer.get("access_token"):
            raise ResponseLost("the answer holds no token")
        return TikTokToken(
            str(answer["access_token"]),
            str(answer.get("refresh_token", "")),
            parse_seconds(answer.get("expires_in")),
            parse_seconds(answer.get("refresh_expires_in")),
            str(answer.get("open_id", "")),
            tuple(scope for scope in str(answer.get("scope", "")).split(",") if scope),
        )

    def _init(self, path: str, body: dict[str, Any], token: str) -> Init:
        data = self._post(path, body, token)
        if not data.get("publish_id"):
            raise ResponseLost("the answer names no publish_id")
        return Init(str(data["publish_id"]), str(data.get("upload_url") or ""))

    def _post(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        return _checked(self._http.send("POST", path, token=token, body=body))


def _checked(response: httpx.Response) -> dict[str, Any]:
    answer = json_object(response)
    if response.status_code >= 300 or sub_object(answer, "error").get("code") not in ("ok", None):
        raise TikTokApiError(TikTokErrorBody.read(response))
    if "data" not in answer:
        raise ResponseLost("the answer is no envelope")
    return sub_object(answer, "data")

"""Client of the Instagram Graph API (Instagram Login), its answers as frozen values; docs/contracts/instagram.md.

Each call raises ConnectError, ResponseLost (http_base) and InstagramApiError. Tokens are sent in the header, because URLs can
be logged; only token exchange and refresh take them in the query.
"""

from __future__ import annotations

import json
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


class InstagramClient:
    """`url`: the graph host; `version`: v25.0 …; `token_url`: where a code is exchanged, on another host."""

    def __init__(self, url: str, version: str, *, token_url: str, timeout_s: float = 60.0) -> None:
        self._http = HttpClient(url, timeout_s=timeout_s)
        self._root, self._token_url = f"/{version.strip('/')}", token_url

    def close(self) -> None:
        self._http.close()

    def create(self, user: str, fields: Mapping[str, str], token: str) -> str:
        """POST /{user}/media. Returns the container's id."""
        return self._id(self._http.send("POST", f"{self._root}/{user}/media", token=token, form=fields))

    def container(self, id: str, token: str) -> Container:
        answer = self._get(f"/{id}", token, fields="status_code,status")
        return Container(id, str(answer.get("status_code", "")), str(answer.get("status", "")))

    def publish(self, user: str, container: str, token: str) -> str:
        """POST /{user}/media_publish, the irreversible call. Returns the media's id."""
        form = {"creation_id": container}
        return self._id(self._http.send("POST", f"{self._root}/{user}/media_publish", token=token, form=form))

    def permalink(self, media: str, token: str) -> str:
        return str(self._get(f"/{media}", token, fields="permalink,media_product_type").get("permalink") or "")

    def usage(self, user: str, token: str) -> Usage:
        entries = self._get(f"/{user}/content_publishing_limit", token, fields="config,quota_usage").get("data")
        entry = entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], dict) else {}
        config = sub_object(entry, "config")
        return Usage(
            non_negative_int(entry.get("quota_usage")) or 0,
            non_negative_int(config.get("quota_total")),
            non_negative_int(config.get("quota_duration")) or 86_400,
        )

    def comment(self, media: str, message: str, token: str) -> str:
        """Returns the comment's id. Sends no `fields`: with them it answered 400 although the comment was written
        (instagram.md, 8)."""
        return self._id(self._http.send("POST", f"{self._root}/{media}/comments", token=token, form={"message": message}))

    def comments(self, media: str, token: str) -> list[tuple[str, str]]:
        """(id, text), newest first."""
        comments = self._get(f"/{media}/comments", token, fields="id,text").get("data")
        entries = comments if isinstance(comments, list) else []
        return [(str(entry.get("id", "")), str(entry.get("text", ""))) for entry in entries if isinstance(entry, dict)]

    def me(self, token: str) -> InstagramProfile:
        profile = self._get("/me", token, fields="user_id,username,name,profile_picture_url")
        id = str(profile.get("user_id") or profile.get("id") or "")
        return InstagramProfile(
            id, str(profile.get("username", "")), str(profile.get("name", "")), str(profile.get("profile_picture_url", ""))
        )

    def exchange(self, code: str, *, app_id: str, secret: str, redirect: str) -> InstagramToken:
        """Exchanges a code for a token of an hour."""
        form = {"client_id": app_id, "client_secret": secret, "grant_type": "authorization_code", "redirect_uri": redirect}
        answer = _checked(self._http.send("POST", self._token_url, form={**form, "code": code}))
        entries = answer.get("data")
        entry = entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], dict) else answer
        allowed = entry.get("permissions")
        permission_names = allowed.split(",") if isinstance(allowed, str) else [str(name) for name in allowed or []]
        permissions = tuple(name.strip() for name in permission_names if name.strip())
        return InstagramToken(_access_token(entry), None, str(entry.get("user_id", "")), permissions)

    def long_lived(self, short_lived: str, *, secret: str) -> InstagramToken:
        """Exchanges a token of an hour for one of 60 days."""
        query = {"grant_type": "ig_exchange_token", "client_secret": secret, "access_token": short_lived}
        answer = _checked(self._http.send("GET", "/access_token", query=query))
        return InstagramToken(_access_token(answer), parse_seconds(answer.get("expires_in")))

    def refresh(self, token: str) -> InstagramToken:
        """Refreshes a token that is at least 24 h old and has not expired."""
        query = {"grant_type": "ig_refresh_token", "access_token": token}
        answer = _checked(self._http.send("GET", "/refresh_access_token", query=query))
        return InstagramToken(_access_token(answer), parse_seconds(answer.get("expires_in")))

    def _get(self, path: str, token: str, **query: str) -> dict[str, Any]:
        return _checked(self._http.send("GET", f"{self._root}{path}", token=token, query=query))

    def _id(self, response: httpx.Response) -> str:
        id = _checked(response).get("id")
        if not id:
            raise ResponseLost("the answer names no id")
        return str(id)


def _checked(response: httpx.Response) -> dict[str, Any]:
    if response.status_code >= 300:
        raise InstagramApiError(InstagramErrorBody.read(response))
    answer = json_object(response)
    if "error" in answer:
        raise InstagramApiError(InstagramErrorBody.read(response))
    return answer


def _access_token(answer: Mapping[str, object]) -> str:
    token = answer.get("access_token")
    if not token:
        raise ResponseLost("the answer holds no token")
    return str(token)

"""Client of the practice platform (ops/sandbox_platform). Each call raises ConnectError, ResponseLost (http_base) and
SandboxApiError."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from backend.platforms.http_base import HttpClient, PlatformApiError, ResponseLost, json_object, non_negative_int, parse_seconds


@dataclass(frozen=True, slots=True)
class SandboxDraft:
    """`state`: open, working, ready, published, failed. `stored`: indexes of the files that were uploaded."""

    id: str
    state: str
    stored: tuple[int, ...] = ()
    reason: str = ""
    post_id: str = ""
    url: str = ""

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> SandboxDraft:
        stored = answer.get("stored")
        numbers = tuple(int(n) for n in stored) if isinstance(stored, list) else ()
        texts = {name: str(answer.get(name) or "") for name in ("reason", "post_id", "url")}
        return cls(str(answer.get("id", "")), str(answer.get("state", "")), numbers, **texts)


@dataclass(frozen=True, slots=True)
class SandboxProfile:
    id: str
    name: str
    used: int
    total: int | None
    avatar: str = ""


@dataclass(frozen=True, slots=True)
class SandboxToken:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: float | None
    account_id: str


class SandboxApiError(PlatformApiError):
    """{"error": {"code", "message"}}. `retry_after` in seconds."""

    def __init__(self, response: httpx.Response) -> None:
        error_value = json_object(response).get("error")
        error = error_value if isinstance(error_value, dict) else {}
        self.http_status = response.status_code
        self.code = str(error.get("code") or "")
        self.message = str(error.get("message") or "")[:300]
        self.retry_after = parse_seconds(response.headers.get("retry-after"))
        super().__init__(f"{self.http_status} {self.code} {self.message}".strip())


class SandboxClient:
    def __init__(self, url: str, *, timeout_s: float = 60.0) -> None:
        self._http = HttpClient(url, timeout_s=timeout_s)

    def close(self) -> None:
        self._http.close()

    def me(self, token: str) -> SandboxProfile:
        answer = self._call("GET", "/api/me", token)
        name, avatar = str(answer.get("name", "")), str(answer.get("avatar") or "")
        return SandboxProfile(
            str(answer.get("id", "")),
            name,
            non_negative_int(answer.get("used")) or 0,
            non_negative_int(answer.get("total")),
            avatar,
        )

    def create(self, body: Mapping[str, Any], token: str) -> SandboxDraft:
        return SandboxDraft.read(self._call("POST", "/api/drafts", token, body=dict(body)))

    def put(self, draft: str, n: int, data: bytes, *, mime: str, token: str) -> None:
        self._call("PUT", f"/api/drafts/{draft}/media/{n}", token, data=data, headers={"Content-Type": mime})

    def draft(self, id: str, token: str) -> SandboxDraft:
        return SandboxDraft.read(self._call("GET", f"/api/drafts/{id}", token))

    def publish(self, id: str, token: str) -> SandboxDraft:
        """The irreversible call."""
        return SandboxDraft.read(self._call("POST", f"/api/drafts/{id}/publish", token))

    def comment(self, post: str, text: str, token: str) -> str:
        id = self._call("POST", f"/api/posts/{post}/comments", token, body={"text": text}).get("id")
        if not id:
            raise ResponseLost("the answer names no id")
        return str(id)

    def comments(self, post: str, token: str) -> list[tuple[str, str]]:
        """(id, text) of the account's own comments, newest first."""
        entries = self._call("GET", f"/api/posts/{post}/comments", token).get("data")
        comments = entries if isinstance(entries, list) else []
        return [(str(entry.get("id", "")), str(entry.get("text", ""))) for entry in comments if isinstance(entry, dict)]

    def token(self, form: Mapping[str, str]) -> SandboxToken:
        answer = _checked(self._http.send("POST", "/oauth/token", form=form))
        if not answer.get("access_token"):
            raise ResponseLost("the answer holds no token")
        tokens = (str(answer["access_token"]), str(answer.get("refresh_token") or ""))
        return SandboxToken(*tokens, parse_seconds(answer.get("expires_in")), str(answer.get("account_id", "")))

    def allow(self, name: str, *, redirect: str, challenge: str, origin: str) -> str:
        """Submits the consent page (at `origin`) for the account of that name; returns the code."""
        query = {"redirect_uri": redirect, "response_type": "code", "code_challenge": challenge}
        form, headers = {"answer": "allow", "account": name}, {"Origin": origin}
        answer = self._http.send("POST", "/oauth/authorize", query=query, form=form, headers=headers)
        codes = parse_qs(urlsplit(str(answer.headers.get("location", ""))).query).get("code", [])
        if answer.status_code >= 400:
            raise SandboxApiError(answer)
        if not codes:
            raise ResponseLost("the answer holds no code")
        return codes[0]

    def _call(self, method: str, path: str, token: str, **options: Any) -> dict[str, Any]:
        return _checked(self._http.send(method, path, token=token, **options))


def _checked(response: httpx.Response) -> dict[str, Any]:
    if response.status_code >= 300:
        raise SandboxApiError(response)
    return json_object(response)

"""The calls. Every one raises Away, Lost (backend.platforms.http_base) and Refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from backend.platforms.http_base import HttpClient, ResponseLost, json_object, seconds, whole


@dataclass(frozen=True, slots=True)
class Draft:
    """`state`: open, working, ready, published, failed. `stored`: numbers of the files that are there."""

    id: str
    state: str
    stored: tuple[int, ...] = ()
    reason: str = ""
    post_id: str = ""
    url: str = ""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Draft:
        stored = told.get("stored")
        numbers = tuple(int(n) for n in stored) if isinstance(stored, list) else ()
        word = {name: str(told.get(name) or "") for name in ("reason", "post_id", "url")}
        return cls(str(told.get("id", "")), str(told.get("state", "")), numbers, **word)


@dataclass(frozen=True, slots=True)
class Profile:
    id: str
    name: str
    used: int
    total: int | None
    avatar: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: float | None
    account_id: str


class Refusal(Exception):
    """{"error": {"code", "message"}}. `retry_after` in seconds."""

    def __init__(self, response: httpx.Response) -> None:
        told = json_object(response).get("error")
        error = told if isinstance(told, dict) else {}
        self.status, self.code = response.status_code, str(error.get("code") or "")
        self.message = str(error.get("message") or "")[:300]
        self.retry_after = seconds(response.headers.get("retry-after"))
        super().__init__(f"{self.status} {self.code} {self.message}".strip())


class Client:
    def __init__(self, url: str, *, timeout_s: float = 60.0) -> None:
        self._wire = HttpClient(url, timeout_s=timeout_s)

    def close(self) -> None:
        self._wire.close()

    def me(self, token: str) -> Profile:
        told = self._call("GET", "/api/me", token)
        name, avatar = str(told.get("name", "")), str(told.get("avatar") or "")
        return Profile(str(told.get("id", "")), name, whole(told.get("used")) or 0, whole(told.get("total")), avatar)

    def create(self, body: Mapping[str, Any], token: str) -> Draft:
        return Draft.read(self._call("POST", "/api/drafts", token, body=dict(body)))

    def put(self, draft: str, n: int, data: bytes, *, mime: str, token: str) -> None:
        self._call("PUT", f"/api/drafts/{draft}/media/{n}", token, data=data, headers={"Content-Type": mime})

    def draft(self, id: str, token: str) -> Draft:
        return Draft.read(self._call("GET", f"/api/drafts/{id}", token))

    def publish(self, id: str, token: str) -> Draft:
        """The irreversible one."""
        return Draft.read(self._call("POST", f"/api/drafts/{id}/publish", token))

    def comment(self, post: str, text: str, token: str) -> str:
        id = self._call("POST", f"/api/posts/{post}/comments", token, body={"text": text}).get("id")
        if not id:
            raise ResponseLost("the answer names no id")
        return str(id)

    def comments(self, post: str, token: str) -> list[tuple[str, str]]:
        """(id, text), newest first, the account's own."""
        listed = self._call("GET", f"/api/posts/{post}/comments", token).get("data")
        found = listed if isinstance(listed, list) else []
        return [(str(one.get("id", "")), str(one.get("text", ""))) for one in found if isinstance(one, dict)]

    def token(self, form: Mapping[str, str]) -> Token:
        told = _taken(self._wire.send("POST", "/oauth/token", form=form))
        if not told.get("access_token"):
            raise ResponseLost("the answer holds no token")
        words = (str(told["access_token"]), str(told.get("refresh_token") or ""))
        return Token(*words, seconds(told.get("expires_in")), str(told.get("account_id", "")))

    def allow(self, name: str, *, redirect: str, challenge: str, origin: str) -> str:
        """The code of an account of that name: presses Allow on the consent page, which `origin` is the address of."""
        query = {"redirect_uri": redirect, "response_type": "code", "code_challenge": challenge}
        form, headers = {"answer": "allow", "account": name}, {"Origin": origin}
        answer = self._wire.send("POST", "/oauth/authorize", query=query, form=form, headers=headers)
        codes = parse_qs(urlsplit(str(answer.headers.get("location", ""))).query).get("code", [])
        if answer.status_code >= 400:
            raise Refusal(answer)
        if not codes:
            raise ResponseLost("the answer holds no code")
        return codes[0]

    def _call(self, method: str, path: str, token: str, **what: Any) -> dict[str, Any]:
        return _taken(self._wire.send(method, path, token=token, **what))


def _taken(response: httpx.Response) -> dict[str, Any]:
    if response.status_code >= 300:
        raise Refusal(response)
    return json_object(response)

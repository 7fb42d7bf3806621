"""The calls. Every one raises Away, Lost (http_base) and Refusal. Tokens travel in the header, never in an address
that could be logged, except where the API knows only the address (token exchange and refresh)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from backend.platforms.http_base import HttpClient, ResponseLost, json_object, part, seconds, whole
from backend.platforms.instagram.client_models import Container, Me, Problem, Refusal, Token, Usage


class Client:
    """`url`: the graph host; `version`: v25.0 …; `token_url`: where a code is exchanged (another host)."""

    def __init__(self, url: str, version: str, *, token_url: str, timeout_s: float = 60.0) -> None:
        self._wire = HttpClient(url, timeout_s=timeout_s)
        self._root, self._token_url = f"/{version.strip('/')}", token_url

    def close(self) -> None:
        self._wire.close()

    def create(self, user: str, fields: Mapping[str, str], token: str) -> str:
        """POST /{user}/media: a container's id."""
        return self._id(self._wire.send("POST", f"{self._root}/{user}/media", token=token, form=fields))

    def container(self, id: str, token: str) -> Container:
        answer = self._get(f"/{id}", token, fields="status_code,status")
        return Container(id, str(answer.get("status_code", "")), str(answer.get("status", "")))

    def publish(self, user: str, container: str, token: str) -> str:
        """POST /{user}/media_publish: the irreversible one. The media's id."""
        form = {"creation_id": container}
        return self._id(self._wire.send("POST", f"{self._root}/{user}/media_publish", token=token, form=form))

    def permalink(self, media: str, token: str) -> str:
        return str(self._get(f"/{media}", token, fields="permalink,media_product_type").get("permalink") or "")

    def usage(self, user: str, token: str) -> Usage:
        found = self._get(f"/{user}/content_publishing_limit", token, fields="config,quota_usage").get("data")
        first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
        config = part(first, "config")
        return Usage(
            whole(first.get("quota_usage")) or 0,
            whole(config.get("quota_total")),
            whole(config.get("quota_duration")) or 86_400,
        )

    def comment(self, media: str, message: str, token: str) -> str:
        """instagram.md, 8: without `fields`, which was answered 400 after the comment was there."""
        return self._id(self._wire.send("POST", f"{self._root}/{media}/comments", token=token, form={"message": message}))

    def comments(self, media: str, token: str) -> list[tuple[str, str]]:
        """(id, text), newest first."""
        found = self._get(f"/{media}/comments", token, fields="id,text").get("data")
        listed = found if isinstance(found, list) else []
        return [(str(one.get("id", "")), str(one.get("text", ""))) for one in listed if isinstance(one, dict)]

    def me(self, token: str) -> Me:
        told = self._get("/me", token, fields="user_id,username,name,profile_picture_url")
        id = str(told.get("user_id") or told.get("id") or "")
        return Me(id, str(told.get("username", "")), str(told.get("name", "")), str(told.get("profile_picture_url", "")))

    def exchange(self, code: str, *, app_id: str, secret: str, redirect: str) -> Token:
        """A code becomes a token of an hour."""
        form = {"client_id": app_id, "client_secret": secret, "grant_type": "authorization_code", "redirect_uri": redirect}
        told = _taken(self._wire.send("POST", self._token_url, form={**form, "code": code}))
        found = told.get("data")
        one = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else told
        allowed = one.get("permissions")
        names = allowed.split(",") if isinstance(allowed, str) else [str(name) for name in allowed or []]
        permissions = tuple(name.strip() for name in names if name.strip())
        return Token(_token(one), None, str(one.get("user_id", "")), permissions)

    def long_lived(self, short: str, *, secret: str) -> Token:
        """A token of an hour becomes one of 60 days."""
        query = {"grant_type": "ig_exchange_token", "client_secret": secret, "access_token": short}
        told = _taken(self._wire.send("GET", "/access_token", query=query))
        return Token(_token(told), seconds(told.get("expires_in")))

    def refresh(self, token: str) -> Token:
        """Of one that is at least 24 h old and has not expired."""
        query = {"grant_type": "ig_refresh_token", "access_token": token}
        told = _taken(self._wire.send("GET", "/refresh_access_token", query=query))
        return Token(_token(told), seconds(told.get("expires_in")))

    def _get(self, path: str, token: str, **query: str) -> dict[str, Any]:
        return _taken(self._wire.send("GET", f"{self._root}{path}", token=token, query=query))

    def _id(self, response: httpx.Response) -> str:
        id = _taken(response).get("id")
        if not id:
            raise ResponseLost("the answer names no id")
        return str(id)


def _taken(response: httpx.Response) -> dict[str, Any]:
    if response.status_code >= 300:
        raise Refusal(Problem.read(response))
    told = json_object(response)
    if "error" in told:
        raise Refusal(Problem.read(response))
    return told


def _token(told: Mapping[str, object]) -> str:
    token = told.get("access_token")
    if not token:
        raise ResponseLost("the answer holds no token")
    return str(token)

"""The calls. Every one raises Away, Lost (backend.platforms.http_base) and Refusal; yes is only error.code == "ok"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from backend.platforms.http_base import HttpClient, ResponseLost, json_object, part, seconds
from backend.platforms.tiktok.client_models import Creator, Init, Problem, Refusal, Status, Token

_PUBLISH = "/v2/post/publish"


class Client:
    def __init__(self, url: str, *, timeout_s: float = 60.0) -> None:
        self._wire = HttpClient(url, timeout_s=timeout_s)

    def close(self) -> None:
        self._wire.close()

    def creator(self, token: str) -> Creator:
        return Creator.read(self._post(f"{_PUBLISH}/creator_info/query/", {}, token))

    def init_video(self, info: Mapping[str, Any], source: Mapping[str, Any], token: str) -> Init:
        """Nothing is visible before the last byte of FILE_UPLOAD."""
        return self._init(f"{_PUBLISH}/video/init/", {"post_info": dict(info), "source_info": dict(source)}, token)

    def init_pictures(self, body: Mapping[str, Any], token: str) -> Init:
        """Irreversible: TikTok fetches the pictures and posts them."""
        return self._init(f"{_PUBLISH}/content/init/", dict(body), token)

    def put(self, upload_url: str, data: bytes, *, first: int, total: int, mime: str) -> int:
        """One chunk from byte `first`. The status: 206 more is wanted, 200 or 201 it is whole."""
        heads = {"Content-Type": mime, "Content-Range": f"bytes {first}-{first + len(data) - 1}/{total}"}
        response = self._wire.send("PUT", upload_url, data=data, headers=heads)
        if response.status_code not in (200, 201, 206):
            raise Refusal(Problem.read(response))
        return response.status_code

    def status(self, publish_id: str, token: str) -> Status:
        return Status.read(self._post(f"{_PUBLISH}/status/fetch/", {"publish_id": publish_id}, token))

    def token(self, form: Mapping[str, str]) -> Token:
        """POST /v2/oauth/token/ for a code or a refresh token; the refresh token that comes back may be a new one."""
        response = self._wire.send("POST", "/v2/oauth/token/", form=form)
        told = json_object(response)
        if response.status_code >= 300 or "error" in told:
            raise Refusal(Problem.read(response))
        if not told.get("access_token"):
            raise ResponseLost("the answer holds no token")
        return Token(
            str(told["access_token"]),
            str(told.get("refresh_token", "")),
            seconds(told.get("expires_in")),
            seconds(told.get("refresh_expires_in")),
            str(told.get("open_id", "")),
            tuple(one for one in str(told.get("scope", "")).split(",") if one),
        )

    def _init(self, path: str, body: dict[str, Any], token: str) -> Init:
        data = self._post(path, body, token)
        if not data.get("publish_id"):
            raise ResponseLost("the answer names no publish_id")
        return Init(str(data["publish_id"]), str(data.get("upload_url") or ""))

    def _post(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        return _taken(self._wire.send("POST", path, token=token, body=body))


def _taken(response: httpx.Response) -> dict[str, Any]:
    told = json_object(response)
    if response.status_code >= 300 or part(told, "error").get("code") not in ("ok", None):
        raise Refusal(Problem.read(response))
    if "data" not in told:
        raise ResponseLost("the answer is no envelope")
    return part(told, "data")

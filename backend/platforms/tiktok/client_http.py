"""HTTP calls. Each raises ConnectError, ResponseLost (backend.platforms.http_base) and TikTokApiError. An answer is a success
only with error.code == "ok"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from backend.platforms.http_base import HttpClient, ResponseLost, json_object, parse_seconds, sub_object
from backend.platforms.tiktok.client_models import Creator, Init, Status, TikTokApiError, TikTokErrorBody, TikTokToken

_PUBLISH = "/v2/post/publish"


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

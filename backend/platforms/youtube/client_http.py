"""The calls. Every one raises Away, Lost (http_base) and Refusal. Bodies are raw JSON: Google's older clients lack
fields (youtube.md, 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from backend.platforms.http_base import HttpClient, ResponseLost, json_object, part, seconds
from backend.platforms.youtube.client_models import Channel, Problem, Refusal, Token, Upload, Video

_RANGE = re.compile(r"bytes=0-(\d+)$")


class Client:
    """`token_url`: Google's, on another host."""

    def __init__(self, url: str, *, token_url: str, timeout_s: float = 60.0) -> None:
        self._wire = HttpClient(url, timeout_s=timeout_s)
        self._token_url = token_url

    def close(self) -> None:
        self._wire.close()

    def start(self, resource: Mapping[str, Any], *, size: int, mime: str, token: str) -> str:
        """A session's address: the handle of this upload, as secret as a token. No video exists before the last byte."""
        query = {"uploadType": "resumable", "part": "snippet,status"}
        heads = {"X-Upload-Content-Length": str(size), "X-Upload-Content-Type": mime}
        answer = self._wire.send(
            "POST", "/upload/youtube/v3/videos", token=token, query=query, body=dict(resource), headers=heads
        )
        _taken(answer)
        location = answer.headers.get("location")
        if not location:
            raise ResponseLost("the answer names no session")
        return str(location)

    def put(self, session: str, data: bytes, *, first: int, total: int, mime: str) -> Upload:
        """Bytes from `first` on. With the last one the video exists."""
        heads = {"Content-Type": mime, "Content-Range": f"bytes {first}-{first + len(data) - 1}/{total}"}
        return _upload(self._wire.send("PUT", session, data=data, headers=heads))

    def probe(self, session: str, *, total: int) -> Upload:
        """What the session has. Refusal 404 or 410: it is gone."""
        heads = {"Content-Range": f"bytes */{total}", "Content-Length": "0"}
        return _upload(self._wire.send("PUT", session, data=b"", headers=heads))

    def video(self, id: str, token: str) -> Video | None:
        """None: there is no such video (for this account)."""
        items = self._get("/youtube/v3/videos", token, part="status,processingDetails", id=id).get("items")
        return Video.read(items[0]) if isinstance(items, list) and items and isinstance(items[0], dict) else None

    def channel(self, token: str) -> Channel | None:
        """None: this Google account has no channel."""
        items = self._get("/youtube/v3/channels", token, part="snippet", mine="true").get("items")
        if not (isinstance(items, list) and items and isinstance(items[0], dict)):
            return None
        snippet = part(items[0], "snippet")
        picture = part(part(snippet, "thumbnails"), "default").get("url") or ""
        return Channel(
            str(items[0].get("id", "")), str(snippet.get("title", "")), str(snippet.get("customUrl", "")), str(picture)
        )

    def comment(self, video: str, text: str, token: str) -> str:
        thread = {"snippet": {"videoId": video, "topLevelComment": {"snippet": {"textOriginal": text}}}}
        answer = self._wire.send("POST", "/youtube/v3/commentThreads", token=token, query={"part": "snippet"}, body=thread)
        id = _taken(answer).get("id")
        if not id:
            raise ResponseLost("the answer names no id")
        return str(id)

    def comments(self, video: str, token: str) -> list[tuple[str, str]]:
        """(id, text as it was written), newest first."""
        found = self._get("/youtube/v3/commentThreads", token, part="snippet", videoId=video, order="time").get("items")
        listed = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        tops = [(one, part(part(part(one, "snippet"), "topLevelComment"), "snippet")) for one in listed]
        return [(str(one.get("id", "")), str(top.get("textOriginal") or top.get("textDisplay") or "")) for one, top in tops]

    def token(self, form: Mapping[str, str]) -> Token:
        """For a code or a refresh token."""
        told = _taken(self._wire.send("POST", self._token_url, form=form))
        if not told.get("access_token"):
            raise ResponseLost("the answer holds no token")
        return Token(
            str(told["access_token"]),
            str(told.get("refresh_token") or ""),
            seconds(told.get("expires_in")),
            seconds(told.get("refresh_token_expires_in")),
            tuple(str(told.get("scope", "")).split()),
        )

    def _get(self, path: str, token: str, **query: str) -> dict[str, Any]:
        return _taken(self._wire.send("GET", path, token=token, query=query))


def _taken(response: httpx.Response) -> dict[str, Any]:
    if response.status_code >= 300:
        raise Refusal(Problem.read(response))
    return json_object(response)


def _upload(response: httpx.Response) -> Upload:
    if response.status_code == 308:
        found = _RANGE.match(response.headers.get("range", ""))
        return Upload(int(found.group(1)) + 1 if found else 0)  # no Range: nothing is stored
    told = _taken(response)
    if not told.get("id"):
        raise ResponseLost("the answer names no video")
    return Upload(video=Video.read(told))

"""Client of the YouTube Data API v3 with resumable upload, its answers as frozen values; docs/contracts/youtube.md.

Each call raises ConnectError, ResponseLost (http_base) and YouTubeApiError. Raw JSON instead of Google's client library, whose
older versions lack fields (youtube.md, 1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.platforms.http_base import HttpClient, PlatformApiError, ResponseLost, json_object, parse_seconds, sub_object

_RANGE = re.compile(r"bytes=0-(\d+)$")


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


class YouTubeClient:
    """`token_url`: Google's token endpoint, on another host."""

    def __init__(self, url: str, *, token_url: str, timeout_s: float = 60.0) -> None:
        self._http = HttpClient(url, timeout_s=timeout_s)
        self._token_url = token_url

    def close(self) -> None:
        self._http.close()

    def start(self, resource: Mapping[str, Any], *, size: int, mime: str, token: str) -> str:
        """Starts an upload; returns the session's URL, which is as secret as a token. No video exists before the last byte."""
        query = {"uploadType": "resumable", "part": "snippet,status"}
        headers = {"X-Upload-Content-Length": str(size), "X-Upload-Content-Type": mime}
        answer = self._http.send(
            "POST", "/upload/youtube/v3/videos", token=token, query=query, body=dict(resource), headers=headers
        )
        _checked(answer)
        location = answer.headers.get("location")
        if not location:
            raise ResponseLost("the answer names no session")
        return str(location)

    def put(self, session: str, data: bytes, *, first: int, total: int, mime: str) -> UploadProgress:
        """Sends bytes from offset `first`. With the last one the video exists."""
        headers = {"Content-Type": mime, "Content-Range": f"bytes {first}-{first + len(data) - 1}/{total}"}
        return _parse_upload(self._http.send("PUT", session, data=data, headers=headers))

    def probe(self, session: str, *, total: int) -> UploadProgress:
        """How far the session is. YouTubeApiError 404 or 410: it has expired."""
        headers = {"Content-Range": f"bytes */{total}", "Content-Length": "0"}
        return _parse_upload(self._http.send("PUT", session, data=b"", headers=headers))

    def video(self, id: str, token: str) -> Video | None:
        """None: there is no such video (for this account)."""
        items = self._get("/youtube/v3/videos", token, part="status,processingDetails", id=id).get("items")
        return Video.read(items[0]) if isinstance(items, list) and items and isinstance(items[0], dict) else None

    def channel(self, token: str) -> YouTubeChannel | None:
        """None: this Google account has no channel."""
        items = self._get("/youtube/v3/channels", token, part="snippet", mine="true").get("items")
        if not (isinstance(items, list) and items and isinstance(items[0], dict)):
            return None
        snippet = sub_object(items[0], "snippet")
        picture = sub_object(sub_object(snippet, "thumbnails"), "default").get("url") or ""
        return YouTubeChannel(
            str(items[0].get("id", "")), str(snippet.get("title", "")), str(snippet.get("customUrl", "")), str(picture)
        )

    def comment(self, video: str, text: str, token: str) -> str:
        thread = {"snippet": {"videoId": video, "topLevelComment": {"snippet": {"textOriginal": text}}}}
        answer = self._http.send("POST", "/youtube/v3/commentThreads", token=token, query={"part": "snippet"}, body=thread)
        id = _checked(answer).get("id")
        if not id:
            raise ResponseLost("the answer names no id")
        return str(id)

    def comments(self, video: str, token: str) -> list[tuple[str, str]]:
        """(id, text as written), newest first."""
        items = self._get("/youtube/v3/commentThreads", token, part="snippet", videoId=video, order="time").get("items")
        threads = [thread for thread in items if isinstance(thread, dict)] if isinstance(items, list) else []
        comments = [
            (thread, sub_object(sub_object(sub_object(thread, "snippet"), "topLevelComment"), "snippet")) for thread in threads
        ]
        return [
            (str(thread.get("id", "")), str(comment.get("textOriginal") or comment.get("textDisplay") or ""))
            for thread, comment in comments
        ]

    def token(self, form: Mapping[str, str]) -> YouTubeToken:
        """Exchanges a code or a refresh token."""
        answer = _checked(self._http.send("POST", self._token_url, form=form))
        if not answer.get("access_token"):
            raise ResponseLost("the answer holds no token")
        return YouTubeToken(
            str(answer["access_token"]),
            str(answer.get("refresh_token") or ""),
            parse_seconds(answer.get("expires_in")),
            parse_seconds(answer.get("refresh_token_expires_in")),
            tuple(str(answer.get("scope", "")).split()),
        )

    def _get(self, path: str, token: str, **query: str) -> dict[str, Any]:
        return _checked(self._http.send("GET", path, token=token, query=query))


def _checked(response: httpx.Response) -> dict[str, Any]:
    if response.status_code >= 300:
        raise YouTubeApiError(YouTubeErrorBody.read(response))
    return json_object(response)


def _parse_upload(response: httpx.Response) -> UploadProgress:
    if response.status_code == 308:
        match = _RANGE.match(response.headers.get("range", ""))
        return UploadProgress(int(match.group(1)) + 1 if match else 0)  # no Range: nothing is stored
    answer = _checked(response)
    if not answer.get("id"):
        raise ResponseLost("the answer names no video")
    return UploadProgress(video=Video.read(answer))

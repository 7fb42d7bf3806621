"""Uploads that become posts: a file in chunks, or pictures that the platform fetches."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from tests.servers.tiktok.server import TikTokServer

MB = 1024 * 1024
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Refused(Exception):
    """{"data": {}, "error": {code, message, log_id}}: tiktok.md, 1, success only if code == "ok"."""

    def __init__(self, code: str, status: int = 400, message: str = "") -> None:
        self.code, self.status, self.message = code, status, message or code.replace("_", " ")

    def answer(self, headers: dict[str, str] | None = None) -> Response:
        error = {"code": self.code, "message": self.message, "log_id": f"2026{time.time_ns()}"}
        return JSONResponse({"data": {}, "error": error}, self.status, headers)


@dataclass
class Publish:
    """One publish_id. `whole_at`: when TikTok had all of it, None before. `failed`: its fail_reason."""

    id: str
    account: str
    info: dict[str, Any]
    kind: str
    size: int = 0
    chunk: int = 0
    chunks: int = 1
    mime: str = ""
    made_at: float = 0.0
    data: bytearray = field(default_factory=bytearray)
    whole_at: float | None = None
    failed: str = ""
    post_id: str = ""


def check_source(source: dict[str, Any]) -> tuple[int, int, int]:
    """(size, chunk, count) of FILE_UPLOAD: chunk 5–64 MB (last ≤128 MB), 1–1000 chunks, total = floor(size/chunk)."""
    size, chunk, count = (source.get(name) for name in ("video_size", "chunk_size", "total_chunk_count"))
    if not all(isinstance(number, int) and number > 0 for number in (size, chunk, count)):
        raise Refused("invalid_param")
    assert isinstance(size, int)
    assert isinstance(chunk, int)
    assert isinstance(count, int)
    if size > 4 * 1024 * MB or count > 1000:
        raise Refused("invalid_param", message="video_size or total_chunk_count is too large")
    if count == 1:
        if chunk != size or size > 64 * MB:  # >64 MB must chunk
            raise Refused("invalid_param", message="chunk_size is not the size of the one chunk")
    elif not 5 * MB <= chunk <= 64 * MB or count != size // chunk:
        raise Refused("invalid_param", message="chunk_size or total_chunk_count is wrong")
    return size, chunk, count


def take_chunk(publish: Publish, content_range: str, length: int, data: bytes) -> int:
    """The status: 206 partial, 201 done, 416 when it is not the next one (tiktok.md, 2)."""
    match = _RANGE.fullmatch(content_range)
    if match is None:
        return 400
    first, last, total = (int(number) for number in match.groups())
    if total != publish.size or last - first + 1 != len(data) or length != len(data):
        return 400
    if first != len(publish.data) or publish.whole_at is not None:
        return 416
    n = first // publish.chunk
    whole = publish.size - first if n == publish.chunks - 1 else publish.chunk
    if len(data) != whole:
        return 416
    publish.data += data
    return 201 if len(publish.data) == publish.size else 206


def check_info(server: TikTokServer, info: dict[str, Any], used: int) -> None:
    """B2 Init errors."""
    faults = server.faults
    if len(str(info.get("title", "")).encode("utf-16-le")) // 2 > 2200:
        raise Refused("invalid_param", message="title is too long")
    if used >= faults.posts_a_day:
        raise Refused("spam_risk_too_many_posts", 403)
    privacy = info.get("privacy_level")
    if faults.unaudited and privacy != "SELF_ONLY":
        raise Refused("unaudited_client_can_only_post_to_private_accounts", 403)
    if privacy not in faults.privacy:
        raise Refused("privacy_level_option_mismatch", 403)

"""A host of media files, as our S3 is for platforms that fetch; and how a platform fetches from one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tests.servers.platforms.web import PlatformServer

JPEG = b"\xff\xd8\xff\xe0" + b"jpeg" * 64
PNG = b"\x89PNG\r\n\x1a\n" + b"png" * 64
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"film" * 64
_KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG", "image/png"), (b"RIFF", "image/webp"))


class FileHost(PlatformServer):
    """`put(name, bytes)` gives a URL. `status` and `slow_s` change every answer. `fetched`: names, in order."""

    name = "files"

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.files: dict[str, bytes] = {}
        self.status, self.slow_s = 200, 0.0
        self.fetched: list[str] = []

    def put(self, name: str, data: bytes) -> str:
        self.files[name] = data
        return f"{self.url}/files/{name}"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/files/{name:path}", self._get)]

    async def _get(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.fetched.append(name)
        await asyncio.sleep(self.slow_s)
        if self.status != 200:
            return PlainTextResponse("AccessDenied", self.status)
        if name not in self.files:
            return PlainTextResponse("NoSuchKey", 404)
        return Response(self.files[name], media_type="application/octet-stream")


def sniffed(data: bytes) -> str:
    """The kind by its first bytes, never by its name; "" when nobody knows."""
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return next((mime for head, mime in _KINDS if data.startswith(head)), "")


async def fetch(url: str, *, timeout_s: float) -> bytes:
    """A real GET. Raises TimeoutError, or OSError for everything else that is not a file."""
    try:
        # Reading all certificates anew for each picture takes longer than everything else here.
        async with httpx.AsyncClient(timeout=timeout_s, verify=False) as client:
            answer = await client.get(url)
    except httpx.TimeoutException as slow:
        raise TimeoutError(url) from slow
    except httpx.HTTPError as error:
        raise OSError(str(error)) from error
    if answer.status_code != 200:
        raise OSError(f"HTTP {answer.status_code}")
    return answer.content

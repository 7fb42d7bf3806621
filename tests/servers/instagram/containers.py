"""Containers: what they are made of, what becomes of them on the clock, and what is refused when one is made."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from tests.servers.platforms.files import fetch, sniffed

if TYPE_CHECKING:
    from tests.servers.instagram.server import InstagramServer

DAY_S = 24 * 3600.0
MESSAGES = {
    2207027: "Media ID is not available",
    2207051: "Action is blocked",
    2207042: "Application request limit reached",
    2207052: "Only photo or video can be accepted as media type.",
    2207050: "The account is restricted",
    1772107: "Unsupported field",
}


class Refused(Exception):
    """{"error": {…}}: instagram.md, 5."""

    def __init__(self, code: int, subcode: int = 0, message: str = "", *, status: int = 400, transient: bool = False) -> None:
        self.code, self.subcode, self.status, self.transient = code, subcode, status, transient
        self.message = message or MESSAGES.get(subcode, "Invalid parameter")

    def answer(self, headers: dict[str, str] | None = None) -> Response:
        error = {
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "is_transient": self.transient,
            "error_user_title": self.message,
            "error_user_msg": self.message,
            "fbtrace_id": f"A{secrets.token_urlsafe(16)}",
            **({"error_subcode": self.subcode} if self.subcode else {}),
        }
        return JSONResponse({"error": error}, self.status, headers)


@dataclass
class Container:
    """`error`: the subcode it ends with, 0 = none. `media_id` set: it is published."""

    id: str
    account: str
    fields: dict[str, str]
    made_at: float
    ready_at: float
    media: list[tuple[str, bytes]] = field(default_factory=list)
    error: int = 0
    media_id: str = ""

    def state(self, now: float) -> str:
        """B1: FINISHED, ERROR, or EXPIRED 24 h unpublished."""
        if self.media_id:
            return "PUBLISHED"
        if now - self.made_at > DAY_S:
            return "EXPIRED"
        if now < self.ready_at:
            return "IN_PROGRESS"
        return "ERROR" if self.error else "FINISHED"


def check_fields(server: InstagramServer, fields: dict[str, str]) -> None:
    """B1 Flow rules and Limits."""
    kind = fields.get("media_type", "IMAGE")
    caption = fields.get("caption", "")
    if len(caption) > 2200 or caption.count("#") > 30 or caption.count("@") > 20:
        raise Refused(100, 2207010)
    if len(fields.get("alt_text", "")) > 1000:
        raise Refused(100)
    if kind == "CAROUSEL":
        check_children(server, fields)
    elif kind in ("VIDEO", "REELS"):
        if "video_url" not in fields or (kind == "REELS" and fields.get("is_carousel_item")):
            raise Refused(100)
    elif kind not in ("IMAGE", "STORIES") or not ("image_url" in fields or "video_url" in fields):
        raise Refused(100)


def check_children(server: InstagramServer, fields: dict[str, str]) -> None:
    children = [element for element in fields.get("children", "").split(",") if element]
    if not 2 <= len(children) <= 10:
        raise Refused(100, 2207028)
    for id in children:
        child = server.containers.get(id)
        if child is None or not child.fields.get("is_carousel_item"):
            raise Refused(24, 2207008)
        if child.state(server.clock.now()) != "FINISHED":
            raise Refused(9007, 2207027)  # child containers FINISHED before the parent


async def fill(server: InstagramServer, container: Container) -> None:
    """Gets the file as Meta does, when the container is made: pictures at once, films while it is IN_PROGRESS."""
    fields = container.fields
    if "video_url" in fields:
        data, wrong = await _fetched(server, fields["video_url"])
        container.error = wrong or (0 if sniffed(data) == "video/mp4" else 2207026)
        container.media = [("video/mp4", data)]
        return
    data, wrong = await _fetched(server, fields["image_url"])
    if wrong:
        raise Refused(-2 if wrong == 2207003 else 9004, wrong)
    if sniffed(data) != "image/jpeg":
        raise Refused(36001, 2207005, "The image format is not supported.")  # JPEG only
    if len(data) > 8_000_000:
        raise Refused(36000, 2207004)
    container.media = [("image/jpeg", data)]


async def _fetched(server: InstagramServer, url: str) -> tuple[bytes, int]:
    """The bytes and 0, or nothing and a subcode."""
    if server.faults.take("fetch_fails"):
        return b"", 2207052
    try:
        return await asyncio.wait_for(fetch(url, timeout_s=server.faults.fetch_timeout_s), server.faults.fetch_timeout_s), 0
    except TimeoutError:
        return b"", 2207003
    except OSError:
        return b"", 2207052

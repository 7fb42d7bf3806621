"""Bytes for browsers: owner-checked, in parts when asked. Browsers keep them, and ask whether they still may show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from backend import assets
from backend.api.deps import CallerIn, Studio
from backend.assets import AssetCard
from backend.errors import NotFound
from backend.storage import Storage, disposition

router = APIRouter(prefix="/media", tags=["media"])
_SHOWN = {f"image/{kind}" for kind in ("jpeg", "png", "webp", "avif")}
_SHOWN |= {"video/mp4", "video/webm", "audio/mpeg", "audio/wav", "audio/ogg"}
"""What a browser may show in the page; everything else is a download."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_LINK_S = 3600


@router.get("/{workspace}/{asset}", response_class=Response)
def media(
    asset: str,
    app: Studio,
    caller: CallerIn,
    w: Annotated[int, Query(ge=0, le=10_000, description="width in px of the thumbnail; 0: the file itself")] = 0,
    download: bool = False,
    range: Annotated[str, Header()] = "",
    if_none_match: Annotated[str, Header()] = "",
    if_range: Annotated[str, Header()] = "",
) -> Response:
    """The thumbnail of at least `w` px (or the largest, or the file when it has none), or the file itself."""
    with app.db.transaction(caller) as tx:
        card = assets.get(tx, asset)
    if card.state != "stored":
        raise NotFound("This file does not exist here. It may have been deleted.")
    width = 0 if download or not w else _nearest(card, w)
    headers = _headers(card, width, download)
    if headers["etag"] in (tag.strip() for tag in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    key = assets.thumb_key(card.key, width) if width else card.key
    if link := app.storage.presign_get(key, filename=_name(card) if download else None, expires=_LINK_S):
        return RedirectResponse(link, 307, {"cache-control": f"private, max-age={_LINK_S // 2}"})
    if width:
        return Response(app.storage.read(key), headers=headers, media_type="image/webp")
    return in_parts(app.storage, card, headers, range if if_range in ("", headers["etag"]) else "")


def _nearest(card: AssetCard, w: int) -> int:
    return min((width for width in card.thumbs if width >= w), default=max(card.thumbs, default=0))


def _name(card: AssetCard) -> str:
    return card.filename or card.key.rpartition("/")[2]


def _headers(card: AssetCard, width: int, download: bool) -> dict[str, str]:
    shown = bool(width) or card.content_type in _SHOWN
    return {
        "cache-control": "private, no-cache",
        "etag": f'"{card.id}-{width}"',
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
        **({} if shown and not download else {"content-disposition": disposition(_name(card))}),
    }


def in_parts(storage: Storage, card: AssetCard, headers: dict[str, str], asked: str) -> Response:
    """`asked`: the Range header."""
    size, part = card.size_bytes, _part(asked, card.size_bytes)
    if part == ():
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    start, end = part or (0, size)
    headers |= {"accept-ranges": "bytes", "content-length": str(end - start)}
    if part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    body: Iterator[bytes] = storage.open(card.key, start, end)
    kind = card.content_type if card.content_type in _SHOWN else "application/octet-stream"
    return StreamingResponse(body, 206 if part else 200, headers, kind)


def _part(asked: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """[start, end) of a single range; None: the whole file; (): a range outside it."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    return (start, end) if start < end else ()

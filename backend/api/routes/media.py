"""Files for browsers, checked against the workspace, with range requests. Browsers cache them, but ask again each time (ETag),
so that a file is not shown any more after its user has lost the right to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from backend import assets
from backend.api.deps import CallerIn, Studio, needs_scope
from backend.assets import AssetCard
from backend.errors import NotFound
from backend.language import tr_lazy
from backend.storage import Storage, disposition

router = APIRouter(prefix="/media", tags=["media"], dependencies=[needs_scope("images")])
_INLINE_TYPES = {f"image/{kind}" for kind in ("jpeg", "png", "webp", "avif")}
_INLINE_TYPES |= {"video/mp4", "video/webm", "audio/mpeg", "audio/wav", "audio/ogg"}
"""Content types that a browser may show in the page; all others are downloads."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_URL_TTL_S = 3600


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
        raise NotFound(tr_lazy("This file does not exist here. It may have been deleted."))
    width = 0 if download or not w else _thumb_width(card, w)
    headers = _headers(card, width, download)
    if headers["etag"] in (tag.strip() for tag in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    key = assets.thumb_key(card.key, width) if width else card.key
    if url := app.storage.presign_get(key, filename=_filename(card) if download else None, expires=_URL_TTL_S):
        return RedirectResponse(url, 307, {"cache-control": f"private, max-age={_URL_TTL_S // 2}"})
    if width:
        return Response(app.storage.read(key), headers=headers, media_type="image/webp")
    return range_response(app.storage, card, headers, range if if_range in ("", headers["etag"]) else "")


def _thumb_width(card: AssetCard, min_width: int) -> int:
    return min((width for width in card.thumbs if width >= min_width), default=max(card.thumbs, default=0))


def _filename(card: AssetCard) -> str:
    return card.filename or card.key.rpartition("/")[2]


def _headers(card: AssetCard, width: int, download: bool) -> dict[str, str]:
    is_inline = bool(width) or card.content_type in _INLINE_TYPES
    return {
        "cache-control": "private, no-cache",
        "etag": f'"{card.id}-{width}"',
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
        **({} if is_inline and not download else {"content-disposition": disposition(_filename(card))}),
    }


def range_response(storage: Storage, card: AssetCard, headers: dict[str, str], range_header: str) -> Response:
    """The file, or the part that the Range header asks for (206), or 416 when it is outside of the file."""
    size, byte_range = card.size_bytes, _byte_range(range_header, card.size_bytes)
    if byte_range == ():
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    start, end = byte_range or (0, size)
    headers |= {"accept-ranges": "bytes", "content-length": str(end - start)}
    if byte_range:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    body: Iterator[bytes] = storage.open(card.key, start, end)
    content_type = card.content_type if card.content_type in _INLINE_TYPES else "application/octet-stream"
    return StreamingResponse(body, 206 if byte_range else 200, headers, content_type)


def _byte_range(range_header: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """[start, end) of a single range; None: the whole file; (): a range outside it."""
    match = _RANGE.fullmatch(range_header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    return (start, end) if start < end else ()

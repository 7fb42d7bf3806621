"""ETag and If-Match, for rows that two people may change at once."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Header, Response

from backend.errors import Conflict, Invalid
from backend.language import tr_lazy

IfMatch = Annotated[str, Header(max_length=200, description="The `ETag` as it was read; answered with 409 when it has changed")]


class ChangedSince(Conflict):
    """Somebody else has changed the row since the caller read it."""

    code = "changed_since"


def set_etag(response: Response, version: object) -> None:
    """`version`: what differs whenever the row does: its revision, or the time of its last change."""
    response.headers["etag"] = etag(version)


def etag(version: object) -> str:
    return f'"{hashlib.sha256(str(version).encode()).hexdigest()[:16]}"'


def require_match(if_match: str, version: object, noun: str) -> None:
    """Nothing without the header. Raises ChangedSince when `version` is another one, Invalid when it is no ETag."""
    sent = if_match.strip()
    if not sent or sent == "*":
        return
    if not sent.removeprefix("W/").startswith('"'):
        raise Invalid(tr_lazy('If-Match: give the ETag as it was answered, in quotes, like "7f3a".'))
    if sent.removeprefix("W/") != etag(version):
        raise ChangedSince(
            tr_lazy("Somebody has changed this {noun} since you read it. Read it again, then send your change.", noun=noun)
        )

"""The payload of a publishing job, and its constants."""

from __future__ import annotations

from pydantic import BaseModel

KIND = "autopost"
PRIORITY = -10
"""Ahead of jobs without a due time (lower runs first)."""
URL_TTL_S = 26 * 3600
"""How long a platform may fetch a file: an Instagram container lives 24 h (docs/contracts/instagram.md, 2), plus a margin."""


class AutopostPayload(BaseModel):
    """`hold`: a person cancelled the earlier job while the post was being submitted, so a post that turns out not to be
    published is put on hold instead of being sent again."""

    post_id: str
    hold: bool = False

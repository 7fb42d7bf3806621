"""Faults that can be switched on. Set the attributes at any time, from any thread. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Faults:
    """Everything off: a healthy, quick server."""

    processing_s: float = 0.0
    """How long a container stays IN_PROGRESS, on the server's clock (instagram.md, 2)."""
    quota_total: int = 50
    """What content_publishing_limit says and media_publish enforces (instagram.md, 4)."""
    fetch_timeout_s: float = 20.0
    """How long a media URL may take (instagram.md, 5: -2/2207003)."""
    republish: Literal["error", "again"] = "error"
    """media_publish of a published container: undocumented (instagram.md, 2), so both."""
    regain_minutes: int | None = None
    """X-Business-Use-Case-Usage with a rate limit: 429 with hint (C)."""
    refuse: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Next refusals: (call, HTTP status, code, subcode); call: create, container, publish, permalink, usage, comment, me."""
    container_error: int = 0
    """The next containers end in ERROR with this subcode in `status`."""
    times: dict[str, int] = field(default_factory=dict)
    """What happens to how many of the next calls:

    lose_publish       published, then the connection is cut (publishing.md, 1)
    publish_500        published, then HTTP 500 with code 2 (instagram.md, 5)
    publish_down       HTTP 503, and nothing is published
    spam_but_live      published, then 4/2207051 (instagram.md, 5)
    fetch_fails        9004/2207052 once, is_transient false (instagram.md, 5)
    lose_create        the container is made, the connection is cut
    comment_400        the comment is there, the answer is 400 20/1772107 (instagram.md, 8)
    lose_comment       the comment is there, the connection is cut
    missing            reads answer 100/33 (instagram.md, 5)
    """

    def take(self, name: str) -> bool:
        remaining = self.times.get(name, 0)
        self.times[name] = max(0, remaining - 1)
        return remaining > 0

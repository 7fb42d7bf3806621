"""What can be made to go wrong. Set the attributes at any time, from any thread. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Faults:
    """Everything off: a healthy, quick server."""

    processing_s: float = 0.0
    """How long a container stays IN_PROGRESS, on the server's clock (B1 Local server: per-container clock)."""
    quota_total: int = 50
    """What content_publishing_limit says and media_publish enforces (B1 Limits: 100, 50 or 25: read quota_total)."""
    fetch_timeout_s: float = 20.0
    """How long a media URL may take (B1 -2/2207003)."""
    republish: Literal["error", "again"] = "error"
    """media_publish of a published container: undocumented (B1 ?), so both."""
    regain_minutes: int | None = None
    """X-Business-Use-Case-Usage with a rate limit: 429 with hint (C)."""
    refuse: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Next refusals: (call, HTTP status, code, subcode); call: create, container, publish, permalink, usage, comment, me."""
    container_error: int = 0
    """The next containers end in ERROR with this subcode in `status`."""
    times: dict[str, int] = field(default_factory=dict)
    """What happens to how many of the next calls:

    lose_publish       published, then the connection is cut (B1 Local server; C lost reply after commit)
    publish_500        published, then HTTP 500 with code 2 (B1 Local server: 5xx after publish)
    publish_down       HTTP 503, and nothing is published
    spam_but_live      published, then 4/2207051 (B1: seen while post was live)
    fetch_fails        9004/2207052 once, is_transient false (postiz PR #1900)
    lose_create        the container is made, the connection is cut
    comment_400        the comment is there, the answer is 400 20/1772107 (B1 First comment)
    lose_comment       the comment is there, the connection is cut
    missing            reads answer 100/33 (postiz #1562)
    """

    def take(self, name: str) -> bool:
        left = self.times.get(name, 0)
        self.times[name] = max(0, left - 1)
        return left > 0

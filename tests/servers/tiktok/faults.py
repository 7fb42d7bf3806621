"""Faults that can be switched on. Set the attributes at any time, from any thread. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

PUBLIC, FRIENDS, FOLLOWERS, ONLY_ME = "PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"


@dataclass
class Faults:
    """Everything off: a healthy, quick server of an audited app."""

    processing_s: float = 0.0
    """From the last byte to PUBLISH_COMPLETE, on the server's clock."""
    moderation_s: float = 0.0
    """From then until publicaly_available_post_id has an id (tiktok.md, 4: minutes to hours)."""
    privacy: list[str] = field(default_factory=lambda: [PUBLIC, FRIENDS, FOLLOWERS, ONLY_ME])
    """What creator_info offers."""
    comments_off: bool = False
    max_video_s: int = 600
    posts_a_day: int = 15
    """B2 Caps: ~15 posts/day/creator; then spam_risk_too_many_posts."""
    unaudited: bool = False
    """B2 Caps: SELF_ONLY alone."""
    fetch_timeout_s: float = 20.0
    fail_reason: str = ""
    """The next post that is taken ends as FAILED with it."""
    retry_after: str | None = None
    """Retry-After of a 429: C, with and without hint."""
    unlimited: bool = False
    """No 6 inits and 30 status calls a minute."""
    refuse: list[tuple[str, int, str]] = field(default_factory=list)
    """Next refusals: (call, HTTP status, code); call: creator, init, content, status, token."""
    times: dict[str, int] = field(default_factory=dict)
    """What happens to how many of the next calls:

    lose_init      the publish_id is made, the connection is cut (C: TikTok init; of pictures: they are posted)
    init_500       the same, answered 500 internal_error
    lose_last      the last chunk is taken, the connection is cut
    last_500       the same, answered 500
    lose_chunk     a chunk that is not the last is taken, the connection is cut
    chunk_500      a chunk is not taken, answered 500
    url_expired    the upload address answers 403
    """

    def take(self, name: str) -> bool:
        remaining = self.times.get(name, 0)
        self.times[name] = max(0, remaining - 1)
        return remaining > 0

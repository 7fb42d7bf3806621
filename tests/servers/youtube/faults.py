"""Faults that can be switched on. Set the attributes at any time, from any thread. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Faults:
    """Everything off: a healthy, quick server."""

    processing_s: float = 0.0
    """From the last byte until uploadStatus is processed, on the server's clock."""
    inserts_a_day: int = 100
    """B3 Quota: videos.insert has its own bucket, per project; then 403 quotaExceeded."""
    uploads_a_day: int = 1000
    """Per channel; then 400 uploadLimitExceeded."""
    failure: str = ""
    """The next video ends as failed with this failureReason."""
    rejection: str = ""
    """The next video ends as rejected with this rejectionReason."""
    retry_after: str | None = None
    refuse: list[tuple[str, int, str]] = field(default_factory=list)
    """Next refusals: (call, HTTP status, reason); call: start, put, probe, video, channel, comment, token."""
    times: dict[str, int] = field(default_factory=dict)
    """What happens to how many of the next calls:

    lose_last       the video exists, the connection is cut (C: YouTube last byte)
    last_500        the video exists, the answer is 503
    lose_chunk      a chunk that is not the last is stored, the connection is cut
    half_chunk      only a part of a chunk is stored, 308 with its Range
    nothing_stored  a chunk is forgotten, 308 without Range (youtube.md, 1) if it was the first
    chunk_503       nothing is stored, 503 (youtube.md, 3)
    lose_start      the session is made, the connection is cut
    lose_comment    the comment is there, the connection is cut
    """

    def take(self, name: str) -> bool:
        remaining = self.times.get(name, 0)
        self.times[name] = max(0, remaining - 1)
        return remaining > 0

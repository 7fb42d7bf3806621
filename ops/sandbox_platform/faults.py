"""Faults that can be switched on, by hand on the switches page or by a test."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

COUNTED_FAULTS = {
    "lose_publish": "Publish the next post, then drop the connection",
    "publish_500": "Publish the next post, then answer with an error",
    "publish_down": "Answer the next publish with an error and publish nothing",
    "lose_create": "Make the next draft, then drop the connection",
    "refuse_token": "Refuse the next call as if the token had expired",
    "refuse_file": "Refuse the next post because of its files",
    "forget_draft": "Forget the next draft that is asked for",
    "too_many_calls": "Answer the next call “too many calls, wait a minute”",
    "lose_comment": "Write the next comment, then drop the connection",
}
"""Faults that are set for a number of the next calls, with their labels."""


@dataclass
class Faults:
    """`processing_s`: seconds until a draft's files are ready. `quota_total`: posts an account may publish in 24 h."""

    processing_s: float = 0.0
    quota_total: int = 50
    banned: bool = False
    retry_after: str | None = None
    times: dict[str, int] = field(default_factory=dict)
    refuse: list[tuple[str, int, str]] = field(default_factory=list)
    """Tests: next refusals as (call, HTTP status, code)."""

    def take(self, name: str) -> bool:
        remaining = self.times.get(name, 0)
        self.times[name] = max(0, remaining - 1)
        return remaining > 0

    def persistent(self) -> dict[str, Any]:
        """What outlives a restart: all but the faults set for the next calls."""
        return {name: value for name, value in asdict(self).items() if name not in ("times", "refuse")}

    @classmethod
    def read(cls, values: dict[str, Any]) -> Faults:
        names = {field_.name for field_ in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})

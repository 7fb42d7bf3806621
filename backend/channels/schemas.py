"""What comes out of the channels' door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

PLATFORMS: dict[str, str] = {"instagram": "Instagram", "tiktok": "TikTok", "youtube": "YouTube", "sandbox": "Sandbox"}
"""Word in rows -> name for people, in the order a form shows them."""


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """`state`: connected, reconnect (somebody must sign in there again), off (by hand)."""

    id: str
    influencer_id: str
    platform: str
    name: str
    state: str
    account_id: str
    expires_at: datetime | None
    settings: dict[str, Any]
    trouble: str
    created_at: datetime
    deleted_at: datetime | None

    @property
    def label(self) -> str:
        return f"{self.name} · {PLATFORMS[self.platform]}"

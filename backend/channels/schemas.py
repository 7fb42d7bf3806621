"""Values of channels: platforms, privacy settings, cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import StrictBool

from backend.kit.drafts import Draft
from backend.platforms import registry

PLATFORMS: dict[str, str] = {name: platform.label for name, platform in registry.PLATFORMS.items()}
"""Platform as stored -> name for people, in the order that forms show them."""

WARN_BEFORE_END = timedelta(days=7)
"""How long before the end of a connection people are warned."""
PRIVACY: dict[str, Mapping[str, str]] = {
    name: platform.privacy_labels for name, platform in registry.PLATFORMS.items() if platform.privacy_labels
}
"""Who may see posts, by platform: the platform's value -> label for people."""


class ChannelChange(Draft):
    """What is left out stays. `privacy`, `made_for_kids` None: no default, each post must choose. `on`: it publishes."""

    name: str | None = None
    on: StrictBool | None = None
    privacy: str | None = None
    made_for_kids: StrictBool | None = None


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """`state`: connected, reconnect (somebody must connect the account again), off (switched off).

    `settings`: `privacy` (a value of PRIVACY; absent: not chosen), `made_for_kids` (where the platform asks for it; absent:
    not chosen), `profile` (of the account: name, nickname, avatar as a data URL).
    """

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
    def profile(self) -> dict[str, str]:
        return self.settings.get("profile") or {}

    def expires_soon(self, now: datetime) -> bool:
        return self.deleted_at is None and self.expires_at is not None and self.expires_at < now + WARN_BEFORE_END

    @property
    def label(self) -> str:
        return f"{self.name} · {PLATFORMS[self.platform]}"

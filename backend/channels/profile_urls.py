"""Addresses of channels' public pages."""

from __future__ import annotations

from urllib.parse import quote

from backend.channels.schemas import ChannelCard
from backend.settings import Settings


def feed_url(settings: Settings) -> str:
    """The practice platform's feed as browsers reach it; "" when there is none."""
    return (settings.sandbox_public_url or settings.sandbox_url).rstrip("/")


def profile_url(card: ChannelCard, settings: Settings) -> str:
    """The account's public page; "" when it is not known."""
    name = quote(card.profile.get("name", "").lstrip("@"), safe=".")
    match card.platform:
        case "instagram":
            return f"https://www.instagram.com/{name}/" if name else ""
        case "tiktok":
            return f"https://www.tiktok.com/@{name}" if name else ""
        case "youtube":
            return f"https://www.youtube.com/channel/{quote(card.account_id)}" if card.account_id.startswith("UC") else ""
    return feed_url(settings)

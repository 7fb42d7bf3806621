"""Where people see what was published."""

from __future__ import annotations

from urllib.parse import quote

from backend.channels.schemas import ChannelCard
from backend.settings import Settings


def feed_url(settings: Settings) -> str:
    """The practice platform's page, as browsers reach it; "": there is none."""
    return (settings.sandbox_public_url or settings.sandbox_url).rstrip("/")


def profile_url(card: ChannelCard, settings: Settings) -> str:
    """The account as its followers see it; "": not known."""
    name = quote(card.profile.get("name", "").lstrip("@"), safe=".")
    match card.platform:
        case "instagram":
            return f"https://www.instagram.com/{name}/" if name else ""
        case "tiktok":
            return f"https://www.tiktok.com/@{name}" if name else ""
        case "youtube":
            return f"https://www.youtube.com/channel/{quote(card.account_id)}" if card.account_id.startswith("UC") else ""
    return feed_url(settings)

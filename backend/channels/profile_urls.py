"""Addresses of channels' public pages."""

from __future__ import annotations

from urllib.parse import quote

from backend.channels.schemas import ChannelCard
from backend.platforms.registry import PLATFORMS
from backend.settings import Settings


def feed_url(settings: Settings) -> str:
    """The practice platform's feed as browsers reach it; "" when there is none."""
    return PLATFORMS["sandbox"].profile_url(settings, "", "")


def profile_url(card: ChannelCard, settings: Settings) -> str:
    """The account's public page; "" when it is not known."""
    name = quote(card.profile.get("name", "").lstrip("@"), safe=".")
    return PLATFORMS[card.platform].profile_url(settings, name, card.account_id)

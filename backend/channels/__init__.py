"""Channels: an influencer's accounts on platforms."""

from backend.channels.queries import get, get_many, of
from backend.channels.schemas import PLATFORMS, ChannelCard
from backend.channels.service import add_sandbox, remove, rename, switch

__all__ = ["PLATFORMS", "ChannelCard", "add_sandbox", "get", "get_many", "of", "remove", "rename", "switch"]

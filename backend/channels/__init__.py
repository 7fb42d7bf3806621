"""Channels: an influencer's accounts on platforms."""

from backend.channels.opening import access, using
from backend.channels.queries import get, get_many, of
from backend.channels.schemas import PLATFORMS, ChannelCard
from backend.channels.service import add_sandbox, remove, rename, switch

__all__ = ["PLATFORMS", "ChannelCard", "access", "add_sandbox", "get", "get_many", "of", "remove", "rename", "switch", "using"]

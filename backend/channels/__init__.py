"""Channels: an influencer's accounts on platforms."""

from backend.channels.addresses import feed_url, profile_url
from backend.channels.connecting import BACK, Came, begin, come_back, leave_word, ready, word
from backend.channels.keeping import keep_alive
from backend.channels.looking import look
from backend.channels.opening import access, using
from backend.channels.queries import get, get_many, of
from backend.channels.schemas import PLATFORMS, PRIVACY, ChannelCard
from backend.channels.service import add_sandbox, remove, rename, save_settings, switch

__all__ = [
    "BACK", "PLATFORMS", "PRIVACY", "Came", "ChannelCard", "access", "add_sandbox", "begin", "come_back", "feed_url", "get",
    "get_many", "keep_alive", "leave_word", "look", "of", "profile_url", "ready", "remove", "rename", "save_settings", "switch",
    "using", "word",
]  # fmt: skip

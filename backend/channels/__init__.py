"""Channels: an influencer's accounts on platforms."""

from backend.channels import undo_parts
from backend.channels.oauth import (
    CALLBACK_PATH,
    OAuthResult,
    callback,
    check_connectable,
    setup_problem,
    start,
    store_flash,
    take_flash,
)
from backend.channels.queries import feed_url, get, get_locked, get_many, of, profile_url
from backend.channels.schemas import PLATFORMS, PRIVACY, ChannelCard, ChannelChange
from backend.channels.service import add_sandbox, change, check_account, remove, rename, save_settings, switch
from backend.channels.tokens import Transact, access, refresh_expiring, with_access
from backend.channels.tokens import reseal_tokens as reseal_tokens

undo_parts.register_parts()

__all__ = [
    "CALLBACK_PATH",
    "PLATFORMS",
    "PRIVACY",
    "ChannelCard",
    "ChannelChange",
    "OAuthResult",
    "Transact",
    "access",
    "add_sandbox",
    "callback",
    "change",
    "check_account",
    "check_connectable",
    "feed_url",
    "get",
    "get_locked",
    "get_many",
    "of",
    "profile_url",
    "refresh_expiring",
    "remove",
    "rename",
    "save_settings",
    "setup_problem",
    "start",
    "store_flash",
    "switch",
    "take_flash",
    "with_access",
]

"""Reads a channel's account from its platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.channels.queries import get
from backend.channels.tokens import Transact, with_access
from backend.platforms.port import PlatformAccount
from backend.platforms.registry import create_adapter

if TYPE_CHECKING:
    from backend.app import App


def check_account(app: App, transact: Transact, channel_id: str) -> PlatformAccount:
    """The account's name, quota and the privacy that may be chosen (TikTok: creator_info). Raises as `access`, and
    PlatformError."""
    with transact() as tx:
        name = get(tx, channel_id).platform
    adapter = create_adapter(name, app.settings)
    try:
        return with_access(app, transact, channel_id, adapter.account)
    finally:
        adapter.close()

"""What a platform says about an account just now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.channels.opening import Transact, using
from backend.channels.queries import get
from backend.engines.platform.catalogue import platform
from backend.engines.platform.port import Account

if TYPE_CHECKING:
    from backend.bootstrap import App


def look(app: App, transact: Transact, channel_id: str) -> Account:
    """Name, quota, and the privacy that may be chosen (TikTok: creator_info). Raises as `access`, and PlatformError."""
    with transact() as tx:
        name = get(tx, channel_id).platform
    there = platform(name, app.settings)
    try:
        return using(app, transact, channel_id, there.account)
    finally:
        there.close()

"""Maintenance of tokens: refreshes them long before they end, and warns when that does not succeed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import and_, or_, select

from backend import events
from backend.channels.access_tokens import Transact, renew
from backend.channels.schemas import PLATFORMS, WARN_BEFORE_END
from backend.channels.tokens import database_now, mark_refused
from backend.db.tables import Channel
from backend.db.transactions import SystemCaller
from backend.platforms.errors import PlatformError

if TYPE_CHECKING:
    from backend.app import App

log = structlog.get_logger(__name__)
REFRESH_BEFORE_END = timedelta(days=10)
MIN_INTERVAL = timedelta(days=1)
MAX_IDLE = timedelta(days=60)
"""Google invalidates a refresh token that was not used for half a year."""


def refresh_expiring(app: App, transact: Transact, *, check: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Refreshes tokens that end within 10 days or were not refreshed for 60, each at most once a day; warns 7 days before the
    end.

    A token that its platform refuses is marked on its channel; after other errors the next maintenance tries again. `check` is
    called before each and may raise to stop.
    """
    with transact() as tx:
        caller = SystemCaller(tx.info["tenant_id"], tx.info["user_id"] or "")
        now = database_now(tx)
        soon = and_(Channel.expires_at < now + REFRESH_BEFORE_END, Channel.refreshed_at < now - MIN_INTERVAL)
        live = (Channel.deleted_at.is_(None), Channel.state != "reconnect", Channel.sealed.is_not(None))
        due = tx.scalars(select(Channel.id).where(*live, or_(soon, Channel.refreshed_at < now - MAX_IDLE))).all()
    renewed = 0
    for channel_id in due:
        check()
        try:
            renew(app, caller, channel_id, due=MIN_INTERVAL)
            renewed += 1
        except PlatformError as error:
            log.warning("a channel was not refreshed", channel=channel_id, code=error.code)
    return {"channels_renewed": renewed, "channels_warned": _warn(transact)}


def _warn(transact: Transact) -> int:
    """Records an event once for each connection that ends soon, and marks those that have ended. Returns how many were
    warned."""
    warned = 0
    with transact() as tx:
        now = database_now(tx)
        ends_soon = Channel.expires_at < now + WARN_BEFORE_END
        expiring = select(Channel).where(Channel.deleted_at.is_(None), Channel.state != "reconnect", ends_soon)
        for row in tx.scalars(expiring).all():
            assert row.expires_at is not None
            end = row.expires_at.isoformat()
            if row.expires_at <= now:
                label = PLATFORMS[row.platform]
                mark_refused(tx, row, f"{label}'s permission ended on {row.expires_at:%-d %B %Y}. Connect the account again.")
            elif not any(
                event.kind == "channel.expiring" and event.data.get("expires_at") == end
                for event in events.list_for(tx, "channel", row.id)
            ):
                events.record(tx, "channel.expiring", "channel", row.id, {"platform": row.platform, "expires_at": end})
                warned += 1
    return warned

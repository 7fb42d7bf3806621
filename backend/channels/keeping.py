"""Upkeep of tokens: refreshed long before they end, warned about when that does not help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import and_, or_, select

from backend import events
from backend.channels.opening import Transact, renew
from backend.channels.schemas import PLATFORMS, WARN
from backend.channels.tokens import mark_refused, now_there
from backend.engines.platform.faults import PlatformError
from backend.kit.db import Trusted
from backend.tables import Channel

if TYPE_CHECKING:
    from backend.bootstrap import App

log = structlog.get_logger(__name__)
AHEAD = timedelta(days=10)
OFTEN = timedelta(days=1)
IDLE = timedelta(days=60)
"""Google forgets a refresh token that nobody used for half a year."""


def keep_alive(app: App, transact: Transact, *, check: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Refreshes what ends within 10 days or was not used for 60, at most once a day; warns 7 days before the end.

    What a platform refuses is marked on its channel; what does not answer is tried again by the next upkeep.
    """
    with transact() as tx:
        mine = Trusted(tx.info["tenant_id"], tx.info["user_id"] or "")
        now = now_there(tx)
        soon = and_(Channel.expires_at < now + AHEAD, Channel.refreshed_at < now - OFTEN)
        live = (Channel.deleted_at.is_(None), Channel.state != "reconnect", Channel.sealed.is_not(None))
        due = tx.scalars(select(Channel.id).where(*live, or_(soon, Channel.refreshed_at < now - IDLE))).all()
    renewed = 0
    for channel_id in due:
        check()
        try:
            renew(app, mine, channel_id, due=OFTEN)
            renewed += 1
        except PlatformError as error:
            log.warning("a channel was not refreshed", channel=channel_id, code=error.code)
    return {"channels_renewed": renewed, "channels_warned": _warn(transact)}


def _warn(transact: Transact) -> int:
    """Says once for each end that it is near; what has ended must be connected again."""
    warned = 0
    with transact() as tx:
        now = now_there(tx)
        near = select(Channel).where(
            Channel.deleted_at.is_(None), Channel.state != "reconnect", Channel.expires_at < now + WARN
        )  # fmt: skip
        for row in tx.scalars(near).all():
            assert row.expires_at is not None
            end = row.expires_at.isoformat()
            if row.expires_at <= now:
                label = PLATFORMS[row.platform]
                mark_refused(tx, row, f"{label}'s permission ended on {row.expires_at:%-d %B %Y}. Connect the account again.")
            elif not any(
                one.kind == "channel.expiring" and one.data.get("expires_at") == end for one in events.of(tx, "channel", row.id)
            ):
                events.record(tx, "channel.expiring", "channel", row.id, {"platform": row.platform, "expires_at": end})
                warned += 1
    return warned

"""Stores a channel's OAuth grant: encrypted, bound to (workspace, channel), with its end by Postgres's clock."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import Channel
from backend.errors import Invalid
from backend.kit.secrets import KeyRing
from backend.platforms.errors import Forbidden
from backend.platforms.oauth_port import Grant
from backend.settings import Settings

FORCED_REFRESH_PAUSE = timedelta(minutes=10)
"""A token that came of a forced refresh and is refused within this time is not refreshed again: the connection is broken."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A grant with the time it was obtained, its end, and the time from which it is refreshed before use (`renew_at`).

    `forced`: it was obtained by a refresh after the platform had refused a token.
    """

    grant: Grant = field(repr=False)
    got_at: datetime
    ends_at: datetime | None
    renew_at: datetime | None
    forced: bool = False

    def usable(self, now: datetime, *, refused: str = "") -> bool:
        """Whether it may be used without a refresh. `refused`: a token that the platform did not accept."""
        return (self.renew_at is None or now < self.renew_at) and self.grant.access_token != refused

    def alive(self, now: datetime, *, refused: str = "") -> bool:
        """Whether it has not ended yet, though a refresh may be due."""
        return (self.ends_at is None or now < self.ends_at) and self.grant.access_token != refused


def database_now(tx: Session) -> datetime:
    """The time by Postgres's clock."""
    now: datetime = tx.scalars(select(func.clock_timestamp())).one()
    return now


def open_token(row: Channel, settings: Settings) -> StoredToken | None:
    """The channel's decrypted token; None when it has none. Raises Forbidden when no key of the ring fits."""
    if row.sealed is None:
        return None
    ring = KeyRing(settings.secret_keys.get_secret_value())
    try:
        fields: dict[str, Any] = json.loads(ring.open(row.sealed, tenant_id=row.tenant_id, row_id=row.id))
    except Invalid as error:
        raise Forbidden(error.message) from error
    got_at, ends_at, renew_at = (
        datetime.fromisoformat(fields[name]) if fields[name] else None for name in ("got_at", "ends_at", "renew_at")
    )
    assert got_at is not None
    grant = fields["grant"]
    return StoredToken(Grant(**{**grant, "scopes": tuple(grant["scopes"])}), got_at, ends_at, renew_at, fields["forced"])


def store(
    tx: Session, row: Channel, grant: Grant, *, settings: Settings, ahead_s: float, forced: bool = False, **values: object
) -> StoredToken:
    """Encrypts `grant` into the channel's row and sets `values`. `ahead_s`: seconds before its end from which it is
    refreshed."""
    now = database_now(tx)
    ends_at = _after(now, grant.expires_in_s)
    token = StoredToken(grant, now, ends_at, ends_at - timedelta(seconds=ahead_s) if ends_at else None, forced)
    fields = {
        "grant": asdict(grant),
        "got_at": now.isoformat(),
        "ends_at": ends_at.isoformat() if ends_at else None,
        "renew_at": token.renew_at.isoformat() if token.renew_at else None,
        "forced": forced,
    }
    ring = KeyRing(settings.secret_keys.get_secret_value())
    sealed = ring.seal(json.dumps(fields), tenant_id=tx.info["tenant_id"], row_id=row.id)
    connection_ends_at = _after(now, grant.refresh_expires_in_s) if grant.refresh_token else ends_at
    update_channel(tx, row.id, sealed=sealed, refreshed_at=now, expires_at=connection_ends_at, **values)
    return token


def mark_refused(tx: Session, row: Channel, trouble: str) -> None:
    """Marks that somebody must connect the channel again; `trouble`: why, as a sentence. Also for a channel that is switched
    off."""
    update_channel(tx, row.id, state="reconnect", trouble=trouble[:500])
    events.record(tx, "channel.reconnect", "channel", row.id, {"platform": row.platform, "trouble": trouble[:500]})


def update_channel(tx: Session, channel_id: str, **values: object) -> None:
    tx.execute(update(Channel).where(Channel.id == channel_id).values(**values, updated_at=func.clock_timestamp()))


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)

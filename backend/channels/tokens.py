"""What a channel keeps of a grant: sealed for (workspace, channel), with when it ends by Postgres's clock."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import events
from backend.engines.platform.connecting import Grant
from backend.engines.platform.faults import NotAllowed
from backend.errors import Invalid
from backend.kit.secrets import KeyRing
from backend.settings import Settings
from backend.tables import Channel

FORCED_LATELY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Kept:
    """`renew_at`: from then on it is refreshed before use. `forced`: it came of a refresh that a refused token forced."""

    grant: Grant = field(repr=False)
    got_at: datetime
    ends_at: datetime | None
    renew_at: datetime | None
    forced: bool = False

    def usable(self, now: datetime, *, refused: str = "") -> bool:
        return (self.renew_at is None or now < self.renew_at) and self.grant.access_token != refused

    def alive(self, now: datetime, *, refused: str = "") -> bool:
        return (self.ends_at is None or now < self.ends_at) and self.grant.access_token != refused


def now_there(tx: Session) -> datetime:
    """Postgres's clock."""
    now: datetime = tx.scalars(select(func.clock_timestamp())).one()
    return now


def opened(row: Channel, settings: Settings) -> Kept | None:
    """None: there is nothing. Raises NotAllowed when no key of the ring fits."""
    if row.sealed is None:
        return None
    ring = KeyRing(settings.secret_keys.get_secret_value())
    try:
        kept: dict[str, Any] = json.loads(ring.open(row.sealed, tenant_id=row.tenant_id, row_id=row.id))
    except Invalid as error:
        raise NotAllowed(error.message) from error
    got, ends, renew = (
        datetime.fromisoformat(kept[name]) if kept[name] else None for name in ("got_at", "ends_at", "renew_at")
    )
    assert got is not None
    grant = kept["grant"]
    return Kept(Grant(**{**grant, "scopes": tuple(grant["scopes"])}), got, ends, renew, kept["forced"])


def store(
    tx: Session, row: Channel, grant: Grant, *, settings: Settings, ahead_s: float, forced: bool = False, **values: object
) -> Kept:
    """Keeps `grant` in the row; `values` go into it too."""
    now = now_there(tx)
    ends = _after(now, grant.expires_in_s)
    kept = Kept(grant, now, ends, ends - timedelta(seconds=ahead_s) if ends else None, forced)
    said = {
        "grant": asdict(grant), "got_at": now.isoformat(), "ends_at": ends.isoformat() if ends else None,
        "renew_at": kept.renew_at.isoformat() if kept.renew_at else None, "forced": forced,
    }  # fmt: skip
    ring = KeyRing(settings.secret_keys.get_secret_value())
    sealed = ring.seal(json.dumps(said), tenant_id=tx.info["tenant_id"], row_id=row.id)
    for_good = _after(now, grant.refresh_expires_in_s) if grant.refresh_token else ends
    put(tx, row.id, sealed=sealed, refreshed_at=now, expires_at=for_good, **values)
    return kept


def mark_refused(tx: Session, row: Channel, trouble: str) -> None:
    """Somebody must sign in there again. A channel that is switched off says so too, once it is switched on."""
    put(tx, row.id, state="reconnect", trouble=trouble[:500])
    events.record(tx, "channel.reconnect", "channel", row.id, {"platform": row.platform, "trouble": trouble[:500]})


def put(tx: Session, channel_id: str, **values: object) -> None:
    tx.execute(update(Channel).where(Channel.id == channel_id).values(**values, updated_at=func.clock_timestamp()))


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)

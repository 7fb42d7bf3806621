"""Tokens of channels: stored encrypted, bound to (workspace, channel), with their end by Postgres's clock; refreshed when they
are due, by one process at a time, and by maintenance long before they end.

A refresh holds an advisory lock of Postgres, reads the row again under it, and commits the new tokens before they are used:
TikTok's refresh token is worthless after its first use (docs/contracts/publishing.md, 2). It is not a lock of the row, so pages
and jobs can read and change the channel while a platform is slow to answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from backend import events
from backend.channels.schemas import PLATFORMS, WARN_BEFORE_END
from backend.db.sealed_columns import reseal
from backend.db.tables import Channel
from backend.db.transactions import SystemCaller
from backend.errors import Invalid, NotFound
from backend.kit.secrets import KeyRing
from backend.language import Moment, tr_lazy
from backend.platforms.errors import Forbidden, PlatformError, TokenRefused
from backend.platforms.oauth import connector
from backend.platforms.oauth_port import Connector, Grant
from backend.platforms.port import AccountAccess
from backend.platforms.sandbox.oauth import SandboxConnector
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

FORCED_REFRESH_PAUSE = timedelta(minutes=10)
"""A token that came of a forced refresh and is refused within this time is not refreshed again: the connection is broken."""
Transact = Callable[[], AbstractContextManager[Session]]
T = TypeVar("T")
log = structlog.get_logger(__name__)
REFRESH_BEFORE_END = timedelta(days=10)
MIN_INTERVAL = timedelta(days=1)
MAX_IDLE = timedelta(days=60)
"""Google invalidates a refresh token that was not used for half a year."""


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
    update_channel(tx, row.id, state="reconnect", trouble=trouble)
    events.record(tx, "channel.reconnect", "channel", row.id, {"platform": row.platform, "trouble": trouble[:500]})


def update_channel(tx: Session, channel_id: str, **values: object) -> None:
    tx.execute(update(Channel).where(Channel.id == channel_id).values(**values, updated_at=func.clock_timestamp()))


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def access(app: App, transact: Transact, channel_id: str, *, refused: str = "") -> AccountAccess:
    """A token for the channel's account. `refused`: a token that the platform has just refused (401); it is never returned.

    `transact` opens transactions of the caller; none may be open meanwhile. After a refusal the token is refreshed once. If
    the new one is refused too, or the platform does not refresh, the channel's state becomes `reconnect`.
    Raises NotFound; TokenRefused (connect again), Forbidden (switched off, disconnected), and other PlatformErrors.
    """
    with transact() as tx:
        caller = SystemCaller(tx.info["tenant_id"], tx.info["user_id"] or "")
        row = _row(tx, channel_id)
        _check_usable(row)
        token, now = open_token(row, app.settings), database_now(tx)
        if token and token.usable(now, refused=refused):
            return AccountAccess(token.grant.access_token, row.account_id)
    return renew(app, caller, channel_id, refused=refused)


def with_access(app: App, transact: Transact, channel_id: str, call: Callable[[AccountAccess], T]) -> T:
    """Runs `call` with a token, and again with a refreshed one if the first is refused. Raises as `access` and `call` do."""
    first = access(app, transact, channel_id)
    try:
        return call(first)
    except TokenRefused:
        second = access(app, transact, channel_id, refused=first.token)
    try:
        return call(second)
    except TokenRefused:
        access(app, transact, channel_id, refused=second.token)  # marks the channel as `reconnect` and raises
        raise


def renew(app: App, caller: SystemCaller, channel_id: str, *, refused: str = "", due: timedelta | None = None) -> AccountAccess:
    """Refreshes the token under the lock, unless another process has done so meanwhile.

    `due` (maintenance): also refreshes a usable token if its last refresh is older, and also that of a channel that is off.
    """
    with app.db.transaction(caller) as tx:
        tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"channel-token:{channel_id}", 0))))
        row = _row(tx, channel_id)
        _check_usable(row, allow_off=due is not None)
        token, now = open_token(row, app.settings), database_now(tx)
        recently_refreshed = due is None or (row.refreshed_at is not None and now - row.refreshed_at < due)
        if token and token.usable(now, refused=refused) and recently_refreshed:
            return AccountAccess(token.grant.access_token, row.account_id)
        oauth = connector(row.platform, app.settings)
        if missing := oauth.missing():
            oauth.close()
            raise Forbidden(missing)
        try:
            grant = _refresh_grant(oauth, row, token, refused, age=now - token.got_at if token else timedelta())
        except TokenRefused as error:
            mark_refused(tx, row, error.message)
            problem = error
        except PlatformError:
            if token and token.alive(now, refused=refused):  # the refresh can wait: the token has not ended yet
                return AccountAccess(token.grant.access_token, row.account_id)
            raise
        else:
            account = grant.account_id or row.account_id
            store(
                tx, row, grant, settings=app.settings, ahead_s=oauth.refresh_ahead_s, forced=bool(refused), account_id=account
            )
            return AccountAccess(grant.access_token, account)
        finally:
            oauth.close()
    raise problem  # after the commit, so that the channel's new state is kept


def _refresh_grant(oauth: Connector, row: Channel, token: StoredToken | None, refused: str, *, age: timedelta) -> Grant:
    """A new grant for the channel. `age`: of the current token. Raises TokenRefused when the account must be connected
    again."""
    connect_again = TokenRefused(
        tr_lazy("{label} no longer accepts the connection. Connect the account again.", label=oauth.label)
    )
    if token is None:
        if isinstance(oauth, SandboxConnector):
            return oauth.practise(account_name(row))
        raise connect_again
    if refused and refused == token.grant.access_token and token.forced and age < FORCED_REFRESH_PAUSE:
        raise connect_again
    if age.total_seconds() < oauth.refresh_min_age_s:
        raise connect_again
    try:
        return oauth.refresh(token.grant)
    except TokenRefused:
        if isinstance(oauth, SandboxConnector):  # the practice platform was emptied; it needs no sign-in
            return oauth.practise(account_name(row))
        raise


def account_name(row: Channel) -> str:
    """The account name on the practice platform: readable, and different for each channel."""
    plain = "".join(letter for letter in row.name.lower() if letter.isalnum() and letter.isascii())[:20]
    return f"{plain or 'studio'}_{row.id[-6:].lower()}"


def _row(tx: Session, channel_id: str) -> Channel:
    row = tx.get(Channel, channel_id, populate_existing=True)
    if row is None:
        raise NotFound(tr_lazy("This channel does not exist here. It may have been made in another workspace."))
    return row


def _check_usable(row: Channel, *, allow_off: bool = False) -> None:
    if row.deleted_at is not None:
        raise Forbidden(tr_lazy("The channel {name} was disconnected. Choose another one, or connect it again.", name=row.name))
    if row.state == "off" and not allow_off:
        raise Forbidden(tr_lazy("The channel {name} is paused. Resume it in Settings → Channels.", name=row.name))
    if row.state == "reconnect":
        raise TokenRefused(row.trouble or tr_lazy("The channel {channel} must be connected again.", channel=row.name))


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
                ended = tr_lazy(
                    "{platform}'s permission ended on {day}. Connect the account again.",
                    platform=PLATFORMS[row.platform],
                    day=Moment(row.expires_at, "date"),
                )
                mark_refused(tx, row, ended)
            elif not any(
                event.kind == "channel.expiring" and event.data.get("expires_at") == end
                for event in events.list_for(tx, "channel", row.id)
            ):
                events.record(tx, "channel.expiring", "channel", row.id, {"platform": row.platform, "expires_at": end})
                warned += 1
    return warned


def reseal_tokens(tx: Session, settings: Settings) -> int:
    """Brings the workspace's tokens under the newest key. Returns how many were under an older one."""
    ring = KeyRing(settings.secret_keys.get_secret_value())
    return reseal(tx, ring, Channel.sealed, row_id=Channel.id, tenant_id=tx.info["tenant_id"])

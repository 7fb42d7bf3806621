"""Access tokens of channels, refreshed when they are due, by one process at a time.

A refresh holds an advisory lock of Postgres, reads the row again under it, and commits the new tokens before they are used:
TikTok's
refresh token is worthless after its first use (docs/contracts/publishing.md, 2). It is not a lock of the row, so pages and
jobs can read and change the channel while a platform is slow to answer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.channels.tokens import FORCED_REFRESH_PAUSE, StoredToken, database_now, mark_refused, open_token, store
from backend.db.tables import Channel
from backend.db.transactions import SystemCaller
from backend.errors import NotFound
from backend.platforms.errors import Forbidden, PlatformError, TokenRefused
from backend.platforms.oauth import connector
from backend.platforms.oauth_port import Connector, Grant
from backend.platforms.port import AccountAccess
from backend.platforms.sandbox.oauth import SandboxConnector

if TYPE_CHECKING:
    from backend.app import App

Transact = Callable[[], AbstractContextManager[Session]]
T = TypeVar("T")


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
    connect_again = TokenRefused(f"{oauth.label} no longer accepts the connection. Connect the account again.")
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
        raise NotFound("This channel does not exist here. It may have been made in another workspace.")
    return row


def _check_usable(row: Channel, *, allow_off: bool = False) -> None:
    if row.deleted_at is not None:
        raise Forbidden(f"The channel {row.name} was disconnected. Choose another one, or connect it again.")
    if row.state == "off" and not allow_off:
        raise Forbidden(f"The channel {row.name} is switched off. Switch it on under Plan, Channels.")
    if row.state == "reconnect":
        raise TokenRefused(row.trouble or f"The channel {row.name} must be connected again.")

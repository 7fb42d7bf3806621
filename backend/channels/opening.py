"""Opening a channel: a token that works now, refreshed by one at a time, or a sentence why not.

A refresh holds an advisory lock of Postgres, reads the row again under it, and commits the new tokens before anybody uses
them: TikTok's refresh token is worthless after its first use (contracts/publishing-and-openrouter A3 tokens, A4.6, B2 OAuth).
The lock is not the row's: pages and jobs read and change the channel while a platform takes its time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.channels.tokens import FORCED_LATELY, Kept, mark_refused, now_there, opened, store
from backend.engines.platform.connecting import Connector, Grant
from backend.engines.platform.connectors import SandboxConnector, connector
from backend.engines.platform.faults import NotAllowed, PlatformError, TokenRefused
from backend.engines.platform.port import Access
from backend.errors import NotFound
from backend.kit.db import Trusted
from backend.tables import Channel

if TYPE_CHECKING:
    from backend.bootstrap import App

Transact = Callable[[], AbstractContextManager[Session]]
T = TypeVar("T")


def access(app: App, transact: Transact, channel_id: str, *, refused: str = "") -> Access:
    """A token for the channel's account. `refused`: the token that the platform just said no to (401); it is never returned.

    `transact` opens transactions of whoever asks; none may be open meanwhile. After `refused` the token is refreshed once; a
    token that came of that and is refused as well makes the channel `reconnect`, as does a platform that will not refresh.
    Raises NotFound; TokenRefused (connect again), NotAllowed (switched off, disconnected), TryAgain, Wait.
    """
    with transact() as tx:
        mine = Trusted(tx.info["tenant_id"], tx.info["user_id"] or "")
        row = _row(tx, channel_id)
        _may(row)
        kept, now = opened(row, app.settings), now_there(tx)
        if kept and kept.usable(now, refused=refused):
            return Access(kept.grant.access_token, row.account_id)
    return renew(app, mine, channel_id, refused=refused)


def using(app: App, transact: Transact, channel_id: str, call: Callable[[Access], T]) -> T:
    """`call` with a token, and once more with a refreshed one when it is refused. Raises as `access` and `call` do."""
    first = access(app, transact, channel_id)
    try:
        return call(first)
    except TokenRefused:
        second = access(app, transact, channel_id, refused=first.token)
    try:
        return call(second)
    except TokenRefused:
        access(app, transact, channel_id, refused=second.token)  # says no, and the row with it
        raise


def renew(app: App, mine: Trusted, channel_id: str, *, refused: str = "", due: timedelta | None = None) -> Access:
    """Refreshes under the lock. `due`: also a token that is usable, if it is older. Also of a channel that is off."""
    with app.db.transaction(mine) as tx:
        tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"channel-token:{channel_id}", 0))))
        row = _row(tx, channel_id)
        _may(row, off=due is not None)
        kept, now = opened(row, app.settings), now_there(tx)
        young = due is None or (row.refreshed_at is not None and now - row.refreshed_at < due)
        if kept and kept.usable(now, refused=refused) and young:
            return Access(kept.grant.access_token, row.account_id)
        made = connector(row.platform, app.settings)
        if lacking := made.missing():
            made.close()
            raise NotAllowed(lacking)
        try:
            grant = _granted(made, row, kept, refused, age=now - kept.got_at if kept else timedelta())
        except TokenRefused as error:
            mark_refused(tx, row, error.message)
            problem = error
        except PlatformError:
            if kept and kept.alive(now, refused=refused):  # it works for a while yet
                return Access(kept.grant.access_token, row.account_id)
            raise
        else:
            account = grant.account_id or row.account_id
            store(tx, row, grant, settings=app.settings, ahead_s=made.refresh_ahead_s, forced=bool(refused), account_id=account)
            return Access(grant.access_token, account)
        finally:
            made.close()
    raise problem


def _granted(made: Connector, row: Channel, kept: Kept | None, refused: str, *, age: timedelta) -> Grant:
    again = TokenRefused(f"{made.label} no longer accepts the connection. Connect the account again.")
    if kept is None:
        if isinstance(made, SandboxConnector):
            return made.practise(account_name(row))
        raise again
    if refused and refused == kept.grant.access_token and kept.forced and age < FORCED_LATELY:
        raise again
    if age.total_seconds() < made.refresh_min_age_s:
        raise again
    try:
        return made.refresh(kept.grant)
    except TokenRefused:
        if isinstance(made, SandboxConnector):  # its folder was emptied: nobody has to sign in there
            return made.practise(account_name(row))
        raise


def account_name(row: Channel) -> str:
    """Of a practice account: readable, and another one for each channel."""
    plain = "".join(letter for letter in row.name.lower() if letter.isalnum() and letter.isascii())[:20]
    return f"{plain or 'studio'}_{row.id[-6:].lower()}"


def _row(tx: Session, channel_id: str) -> Channel:
    row = tx.get(Channel, channel_id, populate_existing=True)
    if row is None:
        raise NotFound("This channel does not exist here. It may have been made in another workspace.")
    return row


def _may(row: Channel, *, off: bool = False) -> None:
    if row.deleted_at is not None:
        raise NotAllowed(f"The channel {row.name} was disconnected. Choose another one, or connect it again.")
    if row.state == "off" and not off:
        raise NotAllowed(f"The channel {row.name} is switched off. Switch it on under Plan, Channels.")
    if row.state == "reconnect":
        raise TokenRefused(row.trouble or f"The channel {row.name} must be connected again.")

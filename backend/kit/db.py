"""Transactions. Whoever opens one says who calls; its first statement checks that and confines it to one workspace.

Rows are confined by Postgres (row-level security on `app.tenant`), never by remembered `where` clauses. Services flush,
`transaction()` commits. Bells asked for with `ring()` are rung after the commit and forgotten on rollback.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import psycopg
from sqlalchemy import Engine, TextClause, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from backend.errors import NotPermitted, NotSignedIn, Unavailable
from backend.kit.trips import AWAY, sent
from backend.kit.trips import Call as Call
from backend.kit.trips import in_one_trip as in_one_trip

T = TypeVar("T")
Role = Literal["viewer", "editor", "owner"]
RANK: dict[str, int] = {"viewer": 0, "editor": 1, "owner": 2}

_ENTER = text("SELECT user_id, role FROM enter_workspace(:token_hash, :tenant_id)")
_SET = text("SELECT set_config('app.tenant', :tenant_id, true) AS tenant, set_config('app.user', :user_id, true) AS person")
_DISPATCH = text("SET LOCAL ROLE studio_dispatch")
_FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person in a workspace: the session's secret (from the cookie) and the workspace of the URL."""

    token: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """A job's own workspace, named by its row. Only workers and the studio's own upkeep use it."""

    tenant_id: str
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Before a workspace is entered: sign-in, invitations, the list of one's own workspaces (`user_id` known)."""

    user_id: str = ""


Caller = SignedIn | Trusted | Nobody


def hash_token(token: str) -> str:
    """Session tokens, tickets and links are stored as this: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def storable(words: str) -> str:
    """What Postgres takes as text: without NUL, and a question mark for half a character. For words from outside."""
    return words.replace("\x00", "").encode("utf-8", "replace").decode()


def ring(tx: Session, queue: str) -> None:
    """Wakes the workers of `queue` once `tx` has committed."""
    tx.info.setdefault("bells", set()).add(queue)


class Database:
    """One engine per process. `on_ring(queue)` is called after a commit that asked for it; it must not raise."""

    def __init__(
        self, url: str, *, on_ring: Callable[[str], None] | None = None, pool_size: int = 10, max_overflow: int = 20
    ) -> None:
        self.engine: Engine = create_engine(
            with_driver(url),
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_recycle=1800,
            pool_use_lifo=True,  # the one used last: its plans are warm, and it need not be asked whether it lives
            pool_timeout=10,
            hide_parameters=True,
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._on_ring = on_ring
        event.listen(self._sessions, "before_flush", _stamp_tenant)
        event.listen(self.engine, "checkin", _note_idle)
        event.listen(self.engine, "checkout", self._check_idle)
        self._in_doubt_at = float("-inf")

    @contextmanager
    def transaction(self, caller: Caller, *, needs: Role = "viewer") -> Iterator[Session]:
        """Opens, authorises, yields, commits. `tx.info`: tenant_id, user_id, role.

        Raises NotSignedIn (no such session, or not a member: the two look alike), NotPermitted, Unavailable.
        """
        with self._opened(lambda tx: _enter(tx, caller, needs)) as (tx, _):
            yield tx

    @contextmanager
    def fenced(self, caller: Trusted, fence: TextClause, values: Mapping[str, Any]) -> Iterator[tuple[Session, bool]]:
        """A job's transaction, opened together with the question whether it may go on: (transaction, `fence` had a row)."""

        def enter_and_ask(tx: Session) -> bool:
            _, passed = in_one_trip(tx, [(_SET, _trusted(caller)), (fence, values)])
            tx.info.update(tenant_id=caller.tenant_id, user_id=caller.user_id or None, role="owner")
            return passed is not None

        with self._opened(enter_and_ask) as entered:
            yield entered

    def at_once(self, caller: Trusted, calls: Sequence[Call]) -> list[Any]:
        """A whole transaction in one trip, for the hottest paths: `in_one_trip` with its beginning and its commit.

        With autocommit, all that a pipeline sends up to its end is one transaction (libpq, pipeline mode).
        Raises Unavailable: it may then have been committed or not.
        """
        try:
            pooled = self.engine.raw_connection()
        except (OperationalError, PoolTimeout) as error:
            raise Unavailable(AWAY, detail=str(error)) from error
        connection = pooled.driver_connection
        assert connection is not None
        try:
            connection.set_autocommit(True)
            _, *rows = sent(connection, [(_SET, _trusted(caller)), *calls])
            connection.set_autocommit(False)
        except BaseException as error:
            pooled.invalidate()
            if isinstance(error, psycopg.OperationalError):
                self._in_doubt_at = time.monotonic()
                raise Unavailable(AWAY, detail=str(error)) from error
            raise
        finally:
            pooled.close()
        return rows

    @contextmanager
    def dispatch(self) -> Iterator[Session]:
        """Across workspaces, for claim and sweep alone: the worker login takes the dispatch role for one transaction."""
        with self._opened(lambda tx: tx.execute(_DISPATCH)) as (tx, _):
            yield tx

    @contextmanager
    def _opened(self, enter: Callable[[Session], T]) -> Iterator[tuple[Session, T]]:
        tx, said = self._entered(enter)
        try:
            yield tx, said
            tx.commit()
        except BaseException as error:
            tx.rollback()
            raise self._seen(error) from error.__cause__
        finally:
            tx.close()
        if self._on_ring:
            for queue in sorted(tx.info.get("bells", ())):
                self._on_ring(queue)

    def _entered(self, enter: Callable[[Session], T], *, again: bool = True) -> tuple[Session, T]:
        """`enter` is a transaction's first statement. If its connection is dead it has done nothing: once more, on one that
        answers."""
        tx = self._sessions()
        try:
            return tx, enter(tx)
        except BaseException as error:
            tx.rollback()
            tx.close()
            seen = self._seen(error)
            if again and isinstance(seen, Unavailable) and not isinstance(error, PoolTimeout):
                return self._entered(enter, again=False)
            raise seen from error.__cause__

    def _seen(self, error: BaseException) -> BaseException:
        """`error`, or Unavailable if it says that Postgres has gone; all connections are in doubt then."""
        broken = isinstance(error, DBAPIError) and error.connection_invalidated
        if not broken and not isinstance(error, Unavailable | OperationalError | PoolTimeout):
            return error
        self._in_doubt_at = time.monotonic()
        return error if isinstance(error, Unavailable) else Unavailable(AWAY, detail=str(error))

    def _check_idle(self, connection: Any, record: Any, _proxy: Any) -> None:
        """SQLAlchemy's own pre-ping asks each time. A connection that answered a moment ago need not be asked again, unless
        another one has failed since: then Postgres has gone, and all that were idle are as dead."""
        idle_since = record.info.get("idle_since", float("inf"))
        if idle_since > self._in_doubt_at and time.monotonic() - idle_since < _FRESH_S:
            return
        try:
            self.engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error  # the others of its age are as dead; the pool connects anew

    def close(self) -> None:
        self.engine.dispose()


def with_driver(url: str) -> str:
    """postgresql:// and postgres:// said with the driver we ship."""
    scheme, sep, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if sep and scheme in {"postgresql", "postgres"} else url


def _enter(tx: Session, caller: Caller, needs: Role) -> None:
    match caller:
        case SignedIn():
            row = tx.execute(_ENTER, {"token_hash": hash_token(caller.token), "tenant_id": caller.tenant_id}).first()
            if row is None:
                raise NotSignedIn("You are signed out of this workspace. Sign in again; what you had saved is still there.")
            if RANK[row.role] < RANK[needs]:
                raise NotPermitted(
                    f"Your role here is {row.role}: you can look but not do this. Ask an owner for {needs} rights."
                )
            tx.info.update(tenant_id=caller.tenant_id, user_id=row.user_id, role=row.role)
        case Trusted():
            in_one_trip(tx, [(_SET, _trusted(caller))])
            tx.info.update(tenant_id=caller.tenant_id, user_id=caller.user_id or None, role="owner")
        case Nobody():
            tx.execute(_SET, {"tenant_id": "", "user_id": caller.user_id})
            tx.info.update(tenant_id=None, user_id=caller.user_id or None, role="viewer")


def _trusted(caller: Trusted) -> dict[str, Any]:
    return {"tenant_id": caller.tenant_id, "user_id": caller.user_id}


def enter(tx: Session, tenant_id: str) -> None:
    """Confines an open `Nobody` transaction to a workspace (accounts only: a new workspace, an accepted invitation)."""
    tx.execute(_SET, {"tenant_id": tenant_id, "user_id": tx.info["user_id"] or ""})
    tx.info.update(tenant_id=tenant_id, role="owner")


def _note_idle(_connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


def _stamp_tenant(tx: Session, *_: object) -> None:
    tenant_id = tx.info.get("tenant_id")
    for row in tx.new:
        if tenant_id and getattr(row, "tenant_id", "") is None:
            row.tenant_id = tenant_id

"""Transactions. Each names its caller; its first statement authorises the caller and confines the transaction to one workspace.

Rows are confined by Postgres (row-level security on `app.tenant`), not by `where` clauses that somebody may forget. Services
flush, `transaction()` commits. Queues named with `notify_queue()` are notified after the commit, and not at all on rollback.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import psycopg
from sqlalchemy import Engine, TextClause, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from backend.db.callers import Anonymous as Anonymous
from backend.db.callers import Caller as Caller
from backend.db.callers import KeyHolder as KeyHolder
from backend.db.callers import Member as Member
from backend.db.callers import Origin as Origin
from backend.db.callers import ProgramSession as ProgramSession
from backend.db.callers import SignedIn as SignedIn
from backend.db.callers import SystemCaller as SystemCaller
from backend.db.pipelining import Statement, as_unavailable, execute_pipelined, fetch_pipelined, send_pipelined
from backend.errors import NotPermitted, NotSignedIn, Unavailable
from backend.kit import logs
from backend.language import Message, tr_lazy

if TYPE_CHECKING:
    from backend.db.replica import ReadReplica

T = TypeVar("T")
before_commit: ContextVar[Callable[[Session], None] | None] = ContextVar("before_commit", default=None)
"""Called at the end of each transaction in which a member may change something; what it raises rolls that back."""
Role = Literal["viewer", "editor", "owner"]
RANK: dict[str, int] = {"viewer": 0, "editor": 1, "owner": 2}

_ENTER = text("SELECT user_id, role FROM enter_workspace(:token_hash, :tenant_id)")
_ENTER_BY_SESSION = text("SELECT user_id, role FROM enter_by_session(:session_id, :tenant_id)")
_ENTER_BY_KEY = text("SELECT user_id, role, api_key_id FROM enter_by_api_key(:key_hash)")
_SET_WORKSPACE = text(
    "SELECT set_config('app.tenant', :tenant_id, true) AS tenant, set_config('app.user', :user_id, true) AS person"
)
_DISPATCH = text("SET LOCAL ROLE studio_dispatch")
_DISPATCH_ROLE = text("SELECT set_config('role', 'studio_dispatch', true)")
"""As `_DISPATCH`, where the transaction is one of pipeline mode, which SET LOCAL does not recognise."""
_PING_AFTER_S = 1.0
"""A pooled connection that was idle for longer is pinged before use."""
CONNECTIONS = 30
"""Connections a process opens at most, and keeps; further callers wait for one. A studio and two workers stay below the 100
that Postgres accepts by default."""
CACHE_S = 1.0
"""How long `recent` returns the same value."""
_PLANNER_SETTINGS = "SET jit = off; SET max_parallel_workers_per_gather = 0; SET random_page_cost = 1.1"
"""Set on each connection. Statements are short and many run at once: compiling one, or starting parallel processes for it,
takes longer than the statement itself and takes the processor from all others. On an SSD an index is read about as fast as a
table."""
_CACHE_SIZE = 200
_NO_ROWS = text("SELECT 1 WHERE false")
KEY_INVALID = tr_lazy(
    "This API key is revoked, expired, or whoever made it has left the workspace. Ask an owner for a new one (Settings, API "
    "keys)."
)
_ROLES: dict[str, Message] = {"owner": tr_lazy("owner"), "editor": tr_lazy("editor"), "viewer": tr_lazy("viewer")}
SIGNED_OUT = tr_lazy("You are signed out of this workspace. Sign in again; what you had saved is still there.")


def hash_token(token: str) -> str:
    """SHA-256 as hex: how session tokens, tickets and links are stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def strip_nul(value: str) -> str:
    """`value` as Postgres accepts it: without NUL characters, lone surrogates replaced by question marks. For text from
    outside."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def notify_queue(tx: Session, queue: str) -> None:
    """Notifies the workers of `queue` once `tx` has committed."""
    tx.info.setdefault("notify_queues", set()).add(queue)


class Database:
    """One engine per process. `on_notify(queue)` is called after a commit that asked for it (`notify_queue`); it must not
    raise."""

    def __init__(
        self, url: str, *, on_notify: Callable[[str], None] | None = None, pool_size: int = CONNECTIONS, max_overflow: int = 0
    ) -> None:
        self.engine: Engine = create_engine(
            with_driver(url),
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_recycle=1800,
            pool_use_lifo=True,  # the connection used last has its plans cached and needs no ping (_check_idle)
            pool_timeout=10,
            hide_parameters=True,
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._on_notify = on_notify
        event.listen(self._sessions, "before_flush", _stamp_tenant)
        event.listen(self.engine, "connect", _set_planner)
        event.listen(self.engine, "checkin", self._check_in)
        event.listen(self.engine, "checkout", self._check_idle)
        self.replica: ReadReplica | None = None
        """Where `read_list` looks first. Set once, when the process starts."""
        self._closed = False
        self._failed_at = float("-inf")
        """When a connection last failed; those idle since before are pinged before use."""
        self._written_at: dict[str, float] = {}
        """Workspace -> when this process last committed a change to it."""
        self._recent: OrderedDict[tuple[str, Hashable], tuple[float, Any]] = OrderedDict()

    @contextmanager
    def transaction(self, caller: Caller, *, needs: Role = "viewer") -> Iterator[Session]:
        """A transaction, authorised for `caller`; commits at the end. `tx.info`: tenant_id, user_id, role, origin.

        Raises NotSignedIn (no such session, or not a member: the two look alike), NotPermitted, Unavailable.
        """
        with self._opened(lambda tx: _authorise(tx, caller, needs)) as (tx, _):
            yield tx
            if needs != "viewer" and isinstance(caller, Member) and (check := before_commit.get()) is not None:
                check(tx)
        if needs != "viewer" and isinstance(caller, Member):
            self._written_at[caller.tenant_id] = time.monotonic()

    @contextmanager
    def fenced(self, caller: SystemCaller, fence: TextClause, values: Mapping[str, Any]) -> Iterator[tuple[Session, bool]]:
        """A job's transaction, and whether `fence` returned a row (the job may go on). The fence is sent with the statement
        that sets the workspace."""

        def enter_and_check(tx: Session) -> bool:
            _, fence_row = execute_pipelined(tx, [set_workspace(caller), (fence, values)])
            tx.info.update(tenant_id=caller.tenant_id, user_id=caller.user_id or None, role="owner")
            return fence_row is not None

        with self._opened(enter_and_check) as entered:
            yield entered

    def run_autocommit(self, caller: SystemCaller | None, statements: Sequence[Statement]) -> list[Any]:
        """Runs a whole transaction, begin and commit included, in one round trip, for the hottest paths. Returns first rows, as
        `execute_pipelined`. `caller` None: across workspaces, as in `dispatch`.

        In autocommit, everything sent in one pipeline up to its sync is one transaction (libpq, pipeline mode).
        Raises Unavailable: it may then have been committed or not.
        """
        with self._autocommit() as connection:
            first = set_workspace(caller) if caller else (_DISPATCH_ROLE, {})
            return send_pipelined(connection, [first, *statements])[1:]

    @contextmanager
    def _autocommit(self) -> Iterator[Any]:
        """psycopg's connection from the pool, in autocommit; discarded when anything goes wrong. Raises Unavailable."""
        try:
            pooled = self.engine.raw_connection()
        except (OperationalError, psycopg.OperationalError, PoolTimeout) as error:  # a raw connection's own are not wrapped
            raise as_unavailable(error) from error
        connection = pooled.driver_connection
        assert connection is not None
        try:
            connection.set_autocommit(True)
            yield connection
            connection.set_autocommit(False)
        except BaseException as error:
            pooled.invalidate()
            if isinstance(error, psycopg.OperationalError):
                self._failed_at = time.monotonic()
                raise as_unavailable(error) from error
            raise
        finally:
            pooled.close()

    def read_once(self, caller: Member, statement: Statement) -> list[Any]:
        """Authorises and returns the rows of one read-only statement, in a single round trip, for what pages poll.

        `statement`: use `= ANY(array)` instead of `IN` of a list, so that it is compiled once. An unauthorised caller gets no
        rows from it, because the workspace was never set. Raises NotSignedIn, Unavailable.
        """
        return self.read_as_member(caller, statement)[1]

    def read_as_member(self, caller: Member, statement: Statement) -> tuple[Any, list[Any]]:
        """As `read_once`, with the row that says who the caller is (user_id, role)."""
        statements = [_entry(caller), statement]
        try:
            member_rows, rows = self.fetch_autocommit(statements)
        except Unavailable:  # its connection was dead; it only reads, so it can be tried on another
            member_rows, rows = self.fetch_autocommit(statements)
        if not member_rows:
            raise NotSignedIn(_refusal(caller))
        return member_rows[0], rows

    def run_across(self, statement: Statement) -> list[Any]:
        """The rows of one statement as in `dispatch`, in a single round trip. Raises Unavailable: committed or not."""
        return self.fetch_autocommit([(_DISPATCH_ROLE, {}), statement])[1]

    def look_across(self, statement: Statement) -> list[Any]:
        """As `run_across`, of a statement that only reads. Raises Unavailable."""
        with suppress(Unavailable):  # its connection was dead
            return self.run_across(statement)
        return self.run_across(statement)

    def read_list(self, caller: Member, read: Callable[[Session], T]) -> T:
        """What `read` returns, from the replica where there is one that has all that was committed before this call, else from
        the primary. For lists, counts and exports; `read` only reads, and may be called twice.

        Raises NotSignedIn, Unavailable.
        """
        if self.replica and (answer := self.replica.read(self, caller, read)):
            return answer[0]
        with self.transaction(caller) as tx:
            return read(tx)

    def read_rows(self, caller: Member, statement: Statement) -> list[Any]:
        """As `read_once`, from the replica under the same terms as `read_list`."""
        if self.replica and (answer := self.replica.rows(self, caller, statement)):
            return answer[0]
        return self.read_once(caller, statement)

    def recent(self, caller: Member, key: Hashable, read: Callable[[Session], T]) -> T:
        """The result of `read`, cached per workspace and `key` for CACHE_S.

        For read-only views that many people look at. The caller is authorised each time; `read` must not depend on who calls or
        on their role. A change made through this process is seen at once, one of a worker or another studio after CACHE_S.
        """
        valid_since = max(self._written_at.get(caller.tenant_id, float("-inf")), time.monotonic() - CACHE_S)
        read_at, value = self._recent.get((caller.tenant_id, key), (float("-inf"), None))
        if read_at > valid_since:
            self.read_once(caller, (_NO_ROWS, {}))
            return cast("T", value)
        read_at = time.monotonic()
        value = self.read_list(caller, read)
        self._recent[caller.tenant_id, key] = read_at, value
        while len(self._recent) > _CACHE_SIZE:
            self._recent.popitem(last=False)
        return value

    def fetch_autocommit(self, statements: Sequence[Statement]) -> list[list[Any]]:
        """A whole transaction in one round trip, as `run_autocommit`; returns all rows of each statement."""
        with self._autocommit() as connection:
            return fetch_pipelined(connection, statements)

    @contextmanager
    def dispatch(self) -> Iterator[Session]:
        """A transaction across workspaces, only for claiming and sweeping: the worker login takes the role `studio_dispatch`,
        which may do nothing else."""
        with self._opened(lambda tx: tx.execute(_DISPATCH)) as (tx, _):
            yield tx

    @contextmanager
    def _opened(self, enter: Callable[[Session], T]) -> Iterator[tuple[Session, T]]:
        """A session whose first statement `enter` has run, and what that returned. Commits, then notifies queues."""
        tx, entered = self._entered(enter)
        try:
            yield tx, entered
            tx.commit()
        except BaseException as error:
            tx.rollback()
            raise self._translated(error) from error.__cause__
        finally:
            tx.close()
        if self._on_notify:
            for queue in sorted(tx.info.get("notify_queues", ())):
                self._on_notify(queue)

    def _entered(self, enter: Callable[[Session], T], *, retry: bool = True) -> tuple[Session, T]:
        """Opens a session and runs `enter`, its first statement. If the connection was dead nothing has been done, so it is
        tried once more on another connection."""
        tx = self._sessions()
        try:
            return tx, enter(tx)
        except BaseException as error:
            tx.rollback()
            tx.close()
            translated = self._translated(error)
            if retry and isinstance(translated, Unavailable) and not isinstance(error, PoolTimeout):
                return self._entered(enter, retry=False)
            raise translated from error.__cause__

    def _translated(self, error: BaseException) -> BaseException:
        """`error`, or Unavailable if it means that Postgres is away; then all idle connections are pinged before use."""
        broken = isinstance(error, DBAPIError) and error.connection_invalidated
        if not broken and not isinstance(error, Unavailable | OperationalError | PoolTimeout):
            return error
        self._failed_at = time.monotonic()
        return error if isinstance(error, Unavailable) else as_unavailable(error)

    def _check_idle(self, connection: Any, record: Any, _proxy: Any) -> None:
        """Pings a connection before use, unless it answered less than _PING_AFTER_S ago and no other has failed since.

        SQLAlchemy's own `pool_pre_ping` pings every time, which costs a round trip a transaction.
        """
        idle_since = record.info.get("idle_since", float("inf"))
        if idle_since > self._failed_at and time.monotonic() - idle_since < _PING_AFTER_S:
            return
        try:
            self.engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error  # connections of the same age are dead too; the pool opens new ones

    def _check_in(self, _connection: Any, record: Any) -> None:
        """Notes when a connection was used last; closes it where the database was closed meanwhile.

        `Engine.dispose` closes only what is idle. A thread that still works has a connection of the old pool, or opens one in
        the new pool, and nobody would close either.
        """
        record.info["idle_since"] = time.monotonic()
        if self._closed:
            record.invalidate()

    def close(self) -> None:
        if self.replica:
            self.replica.close()
        self._closed = True
        self.engine.dispose()


def with_driver(url: str) -> str:
    """A postgresql:// or postgres:// URL with the driver we ship (psycopg); other URLs as they are."""
    scheme, sep, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if sep and scheme in {"postgresql", "postgres"} else url


def _authorise(tx: Session, caller: Caller, needs: Role) -> None:
    match caller:
        case SignedIn() | ProgramSession() | KeyHolder():
            statement, values = _entry(caller)
            row = tx.execute(cast("TextClause", statement), values).first()
            if row is None:
                raise NotSignedIn(_refusal(caller))
            if RANK[row.role] < RANK[needs]:
                raise NotPermitted(
                    tr_lazy(
                        "Your role here is {role}: you can look but not do this. Ask an owner for {needs} rights.",
                        role=_ROLES[row.role],
                        needs=_ROLES[needs],
                    )
                )
            tx.info.update(tenant_id=caller.tenant_id, user_id=row.user_id, role=row.role, origin=caller.origin)
            logs.add_to_context(tenantId=caller.tenant_id, userId=row.user_id)
            if isinstance(caller, KeyHolder):
                tx.info["api_key_id"] = row.api_key_id
        case SystemCaller():
            execute_pipelined(tx, [set_workspace(caller)])
            tx.info.update(tenant_id=caller.tenant_id, user_id=caller.user_id or None, role="owner")
        case Anonymous():
            tx.execute(_SET_WORKSPACE, {"tenant_id": "", "user_id": caller.user_id})
            tx.info.update(tenant_id=None, user_id=caller.user_id or None, role="viewer")


def _entry(caller: Member) -> Statement:
    """The statement that sets the workspace and returns the person and the role, or no row."""
    match caller:
        case SignedIn(token, tenant_id):
            return _ENTER, {"token_hash": hash_token(token), "tenant_id": tenant_id}
        case ProgramSession(session_id, tenant_id):
            return _ENTER_BY_SESSION, {"session_id": session_id, "tenant_id": tenant_id}
        case KeyHolder(key_hash):
            return _ENTER_BY_KEY, {"key_hash": key_hash}


def _refusal(caller: Member) -> str:
    match caller:
        case SignedIn():
            return SIGNED_OUT
        case ProgramSession():
            return tr_lazy("This sign-in has ended. Sign in again (POST /api/auth/login).")
        case KeyHolder():
            return KEY_INVALID


def set_workspace(caller: SystemCaller) -> Statement:
    """The statement that confines a transaction to the caller's workspace."""
    return _SET_WORKSPACE, {"tenant_id": caller.tenant_id, "user_id": caller.user_id}


def enter_workspace(tx: Session, tenant_id: str) -> None:
    """Confines an open Anonymous transaction to a workspace (accounts only: a new workspace, an accepted invitation)."""
    tx.execute(_SET_WORKSPACE, {"tenant_id": tenant_id, "user_id": tx.info["user_id"] or ""})
    tx.info.update(tenant_id=tenant_id, role="owner")


def _set_planner(connection: Any, _record: Any) -> None:
    connection.set_autocommit(True)  # a setting made in a transaction would end with its rollback
    connection.execute(_PLANNER_SETTINGS)
    connection.set_autocommit(False)


def _stamp_tenant(tx: Session, *_: object) -> None:
    tenant_id = tx.info.get("tenant_id")
    for row in tx.new:
        if tenant_id and getattr(row, "tenant_id", "") is None:
            row.tenant_id = tenant_id

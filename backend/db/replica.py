"""A read replica: a streaming standby of the database that answers lists and exports, so that the primary keeps its time for
writes.

It never shows less than the primary would have shown when the question was asked. The primary authorises each caller and says,
in the same round trip, up to where its log is on disk; the replica answers only when it has replayed as much. So whoever has
just changed something, here, in another studio or through a worker, sees it, a revoked session is refused at once, and no
clock is compared. A replica that is behind, away, or has become a primary is left alone for a while: the primary answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from backend.db.callers import Member, SystemCaller
from backend.db.pipelining import Statement, as_unavailable
from backend.db.transactions import Database, set_workspace, with_driver
from backend.errors import Invalid, StudioError, Unavailable
from backend.kit import metrics

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")
log = structlog.get_logger(__name__)

_POSITION: Statement = (text("SELECT CAST(pg_current_wal_flush_lsn() AS text) AS lsn"), {})
"""Asked of the primary. What it has committed, and so may have shown to anybody, is in its log up to here."""
_REPLAYED = text(
    "SELECT 1 AS caught_up WHERE pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST(CAST(:lsn AS text) AS pg_lsn)"
)
"""Asked of the replica, before the question itself, which therefore sees at least as much."""
_DATABASE = text("SELECT system_identifier::text || '/' || current_database() FROM pg_control_system()")
NOT_A_REPLICA = "DATABASE_REPLICA_URL is another database than DATABASE_URL, not a streaming standby of it."
CONNECT_TIMEOUT_S = 2
AWAY_S, BEHIND_S = 5.0, 0.5
"""For how long a replica is not asked again after it did not answer, and after it was too far behind."""
_PAUSE_S = 0.003


class ReadReplica:
    """`check(connection)` raises Invalid when the login may not be used. `wait_s`: how long a list waits for the replica to
    catch up before it asks the primary. Thread-safe."""

    def __init__(self, url: str, *, check: Callable[[Connection], None], wait_s: float, pool_size: int) -> None:
        """Opens no connection. Raises ArgumentError when `url` is none."""
        where = make_url(with_driver(url))
        if "connect_timeout" not in where.query:
            where = where.update_query_dict({"connect_timeout": str(CONNECT_TIMEOUT_S)})
        self.db = Database(where.render_as_string(hide_password=False), pool_size=pool_size)
        self._check, self._checked, self._wait_s = check, False, wait_s
        self._unused_until = 0.0

    def read(self, primary: Database, caller: Member, read: Callable[[Session], T]) -> tuple[T] | None:
        """What `read` returned, in a tuple; None: ask the primary. Raises NotSignedIn, and what `read` raises."""
        if self._is_left_alone():
            return None
        caller_row, lsn = self._entered(primary, caller)
        system = SystemCaller(caller.tenant_id, caller_row.user_id or "")
        answer: list[tuple[T]] = []

        def ask() -> bool:
            with self.db.fenced(system, _REPLAYED, {"lsn": lsn}) as (tx, caught_up):
                if caught_up:
                    tx.info.update(caller_row._asdict())
                    answer.append((read(tx),))
            return bool(answer)

        return answer[0] if self._answers_in_time(primary, ask) else None

    def rows(self, primary: Database, caller: Member, statement: Statement) -> tuple[list[Any]] | None:
        """The rows of one statement, in a tuple; None: ask the primary. Raises NotSignedIn."""
        if self._is_left_alone():
            return None
        caller_row, lsn = self._entered(primary, caller)
        statements = [
            set_workspace(SystemCaller(caller.tenant_id, caller_row.user_id or "")),
            (_REPLAYED, {"lsn": lsn}),
            statement,
        ]
        answer: list[list[Any]] = []

        def ask() -> bool:
            _, caught_up, rows = self.db.fetch_autocommit(statements)
            if caught_up:
                answer.append(rows)
            return bool(answer)

        return (answer[0],) if self._answers_in_time(primary, ask) else None

    def close(self) -> None:
        self.db.close()

    def _entered(self, primary: Database, caller: Member) -> tuple[Any, str]:
        caller_row, [position] = primary.read_as_member(caller, _POSITION)
        return caller_row, position.lsn

    def _is_left_alone(self) -> bool:
        return time.monotonic() < self._unused_until

    def _answers_in_time(self, primary: Database, ask: Callable[[], bool]) -> bool:
        """Whether `ask` got its answer within `wait_s`."""
        try:
            self.check_database(primary)
        except Invalid as error:
            self._leave_alone(error)
        if self._is_left_alone():
            return False
        deadline = time.monotonic() + self._wait_s
        try:
            while not ask():
                if time.monotonic() >= deadline:
                    metrics.replica_read("behind")
                    self._unused_until = time.monotonic() + BEHIND_S
                    return False
                time.sleep(_PAUSE_S)
        except Unavailable as error:
            self._leave_alone(error)
            return False
        metrics.replica_read("answered")
        return True

    def check_database(self, primary: Database) -> None:
        """Once: the login sees no more than one workspace, and this is the same database. Without an answer it is checked
        before the first list. Raises Invalid."""
        if self._checked:
            return
        try:
            with self.db.engine.connect() as connection, primary.engine.connect() as original:
                self._check(connection)
                if connection.scalar(_DATABASE) != original.scalar(_DATABASE):
                    raise Invalid(NOT_A_REPLICA)
        except (OperationalError, PoolTimeout) as error:
            self._leave_alone(as_unavailable(error))
            return
        self._checked = True

    def _leave_alone(self, error: StudioError) -> None:
        log.warning("read replica not used", why=error.message, detail=error.data.get("detail", "")[:300])
        metrics.replica_read("away")
        self._unused_until = time.monotonic() + AWAY_S

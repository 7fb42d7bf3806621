"""The ledger of AI calls: reserve before a call, settle after it. A reservation counts as spent until it is settled, so a
crash never hides a cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from backend import events
from backend.budgets.rules import ALERT_AT, effective, fits, is_near, operator_limits, over_sentence, rounded_up
from backend.budgets.schemas import CallPurpose, OverBudget
from backend.db.group_commit import GroupCommit
from backend.db.pipelining import Statement
from backend.db.tables import LlmCall
from backend.db.transactions import Database, SystemCaller, strip_nul
from backend.engines.ports.text import Reply
from backend.errors import LeaseLost, Unavailable
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.settings import Settings

CallEnd = Mapping[str, Any]
"""Columns of `llm_calls` to set when a call has ended."""
DEAD_AFTER_S = 1800
"""Seconds after which a reservation's caller is dead: no call takes longer than five tries of two silent minutes and the pauses
between them."""
_LOCK_BUDGET = text("SELECT tenant_id FROM budgets WHERE tenant_id = :tenant_id FOR UPDATE")
_INSERT_BUDGET = text("INSERT INTO budgets (tenant_id) VALUES (:tenant_id) ON CONFLICT DO NOTHING")
_TODAY = "CAST(to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD') AS integer)"
_RESERVE = text(
    f"""WITH
    -- The ledger's day, yyyymmdd in UTC.
    now AS (SELECT {_TODAY} AS day),
    -- The workspace's own limits, and for which day and month the alert was raised.
    budget AS (SELECT daily_usd, monthly_usd, alerted_day, alerted_month FROM budgets WHERE tenant_id = :tenant_id),
    -- Whether the attempt that asks still owns its job (true for calls of people).
    owner AS (
      SELECT CAST(:attempt_id AS text) IS NULL OR EXISTS (
        SELECT FROM attempts a JOIN jobs j ON j.id = a.job_id AND j.attempt_id = a.id
        WHERE a.id = :attempt_id AND a.ended_at IS NULL AND j.state = 'processing') AS owns_job),
    -- Spent and reserved today and this month, without this call.
    spent AS (
      SELECT coalesce(sum(c.usd) FILTER (WHERE c.day = n.day), 0) AS today, coalesce(sum(c.usd), 0) AS month
      FROM now n LEFT JOIN llm_calls c ON c.tenant_id = :tenant_id AND c.day >= n.day / 100 * 100 AND c.id <> :id),
    -- The reservation, if it fits both limits. Run again with the same id, it changes nothing.
    reservation AS (
      INSERT INTO llm_calls (id, tenant_id, day, kind, usd, estimate_usd, job_id, attempt_id, user_id, influencer_id)
      SELECT :id, :tenant_id, n.day, :kind, :usd, :usd, :job_id, :attempt_id, :user_id, :influencer_id
      FROM now n, budget b, owner m, spent s
      WHERE m.owns_job
        AND s.today + :usd <= coalesce(least(b.daily_usd, CAST(:most_daily AS numeric)), 'infinity')
        AND s.month + :usd <= coalesce(least(b.monthly_usd, CAST(:most_monthly AS numeric)), 'infinity')
      ON CONFLICT (id) DO UPDATE SET kind = excluded.kind)
    SELECT n.day, b.daily_usd, b.monthly_usd, b.alerted_day, b.alerted_month, s.today, s.month, m.owns_job
    FROM now n, budget b, spent s, owner m"""
)
"""Reserves the most a call may cost, if the limits allow it. The sums see every earlier reservation, because the row of
`budgets` is locked by a statement before this one."""
_END = text(
    """UPDATE llm_calls c SET state = e.state, settled_at = clock_timestamp(), usd = coalesce(e.usd, c.usd),
      model = coalesce(e.model, c.model), generation_id = coalesce(e.generation_id, c.generation_id),
      prompt_tokens = coalesce(e.prompt_tokens, c.prompt_tokens),
      completion_tokens = coalesce(e.completion_tokens, c.completion_tokens), input_usd = e.input_usd
    FROM jsonb_to_recordset(CAST(:calls AS jsonb)) AS e (id text, state text, usd numeric, model text, generation_id text,
      prompt_tokens int, completion_tokens int, input_usd numeric)
    WHERE c.id = e.id AND c.tenant_id = :tenant_id AND c.state IN ('reserved', 'estimated')"""
)
_RESERVATIONS: GroupCommit[Mapping[str, Any], Any] = GroupCommit()
_ENDS: GroupCommit[CallEnd, None] = GroupCommit()


@dataclass(frozen=True, slots=True)
class Reservation:
    """`near`: (period, day, limit) of limits that are nearly used up and for which no alert was raised yet."""

    call_id: str
    near: tuple[tuple[str, int, Decimal | None], ...]


def reserve(db: Database, caller: SystemCaller, *, most_usd: Decimal, purpose: CallPurpose, settings: Settings) -> Reservation:
    """Reserves `most_usd` of the workspace's budget for a call.

    Raises OverBudget, and LeaseLost when the calling attempt has ended; nothing is reserved then. Raises Unavailable: it may
    have been reserved, and `expire_dead` will find it.

    Reservations of one workspace wait for each other at its row of `budgets`, each until the one before is committed to disk.
    So those that wait in this process are made together, in one round trip and one commit (GroupCommit).
    """
    daily, monthly = operator_limits(settings)
    usd, call_id = rounded_up(most_usd), new_id("llm")
    values = {
        "id": call_id,
        "tenant_id": caller.tenant_id,
        "usd": usd,
        "most_daily": daily,
        "most_monthly": monthly,
        "kind": purpose.kind,
        "job_id": purpose.job_id,
        "attempt_id": purpose.attempt_id,
        "influencer_id": purpose.influencer_id,
        "user_id": caller.user_id or None,
    }
    reserve_batch = partial(_reserve_batch, db, SystemCaller(caller.tenant_id))
    row = _RESERVATIONS.do((id(db), caller.tenant_id), values, reserve_batch)
    limits = {"day": effective(row.daily_usd, daily), "month": effective(row.monthly_usd, monthly)}
    spent = {"day": row.today, "month": row.month}
    if not row.owns_job:
        raise LeaseLost(tr_lazy("The attempt that asks no longer owns its job; another one goes on with it."))
    for period, limit in limits.items():
        if limit is not None and not fits(spent[period], usd, limit):
            if is_near(spent[period], limit):
                _record_refusal(db, caller, period, row.day, limit)
            raise OverBudget(over_sentence(period=period, spent=spent[period], more=usd, limit=limit))
    alerted = {"day": row.alerted_day == row.day, "month": row.alerted_month == row.day // 100}
    near = [period for period, limit in limits.items() if is_near(spent[period] + usd, limit) and not alerted[period]]
    return Reservation(call_id, tuple((period, row.day, limits[period]) for period in near))


def _reserve_batch(db: Database, workspace: SystemCaller, reservations: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Makes reservations (values of `_RESERVE`) in order: each sees what those before it have taken."""
    tenant = {"tenant_id": workspace.tenant_id}
    reserve_all = [(_RESERVE, values) for values in reservations]
    return _run_with_retry(db, workspace, [(_INSERT_BUDGET, tenant), (_LOCK_BUDGET, tenant), *reserve_all])[2:]


def _run_with_retry(db: Database, workspace: SystemCaller, statements: Sequence[Statement]) -> list[Any]:
    """Runs idempotent statements, once more when Postgres went away meanwhile: often only the pooled connection was dead."""
    try:
        return db.run_autocommit(workspace, statements)
    except Unavailable:
        return db.run_autocommit(workspace, statements)


def alert(tx: Session, reserved: Reservation) -> None:
    """Records a `budget.near` event for each limit in `reserved.near`, once a period. If the process dies before, the next call
    does it."""
    for period, day, limit in reserved.near:
        _alert(tx, period, day, limit)


def _alert(tx: Session, period: str, day: int, limit: Decimal | None) -> None:
    if _is_first(tx, "alerted", period, day):
        data = {"period": period, "limit_usd": str(limit), "at": str(ALERT_AT)}
        events.record(tx, "budget.near", "budget", tx.info["tenant_id"], data)


def _record_refusal(db: Database, caller: SystemCaller, period: str, day: int, limit: Decimal) -> None:
    """Records a `budget.spent` event when a limit that is nearly used up refuses a call, once a period."""
    with db.transaction(caller) as tx:
        if _is_first(tx, "refused", period, day):
            data = {"period": period, "limit_usd": str(limit)}
            events.record(tx, "budget.spent", "budget", tx.info["tenant_id"], data)


def _is_first(tx: Session, mark: str, period: str, day: int) -> bool:
    """Whether it is marked for the first time in this period. `mark`: alerted or refused, a column of `budgets`."""
    column, value = (f"{mark}_day", day) if period == "day" else (f"{mark}_month", day // 100)
    mark_period = text(
        f"UPDATE budgets SET {column} = :value WHERE tenant_id = :tenant_id AND {column} IS DISTINCT FROM :value RETURNING 1"
    )
    return tx.execute(mark_period, {"value": value, **_tenant(tx)}).first() is not None


def settle(reply: Reply) -> CallEnd:
    """The end of a call at its cost; an estimate where the server did not say it. Also for a reservation that expired
    meanwhile."""
    return {
        "state": "estimated" if reply.estimated else "settled",
        "usd": rounded_up(reply.cost_usd),
        "input_usd": None if reply.input_usd is None else min(rounded_up(reply.input_usd), rounded_up(reply.cost_usd)),
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "model": strip_nul(reply.model),
        "generation_id": strip_nul(reply.generation_id),
    }


def mark_unsettled(generation_id: str = "", cost_usd: Decimal | None = None) -> CallEnd:
    """The end of a call whose reply was lost: at `cost_usd` if that is known, else the reservation stays as an estimate."""
    if cost_usd is not None:
        return {"state": "settled", "usd": rounded_up(cost_usd), "generation_id": strip_nul(generation_id)}
    return {"state": "estimated", "generation_id": strip_nul(generation_id)}


def release() -> CallEnd:
    """The end of a call that was refused before anything was generated: it cost nothing."""
    return {"state": "refused", "usd": Decimal(0)}


def end(db: Database, caller: SystemCaller, call_id: str, call_end: CallEnd) -> None:
    """Writes the end of a call. Idempotent. Calls that end at the same moment share one round trip (GroupCommit), because
    every reply waits for it. Raises Unavailable."""
    workspace = SystemCaller(caller.tenant_id)
    _ENDS.do((id(db), caller.tenant_id), {**call_end, "id": call_id}, partial(_end_batch, db, workspace))


def _end_batch(db: Database, workspace: SystemCaller, calls: Sequence[CallEnd]) -> list[None]:
    _run_with_retry(db, workspace, [(_END, {"tenant_id": workspace.tenant_id, "calls": json.dumps(calls, default=str)})])
    return [None for _ in calls]


def record_cached(tx: Session, *, model: str, saved_usd: Decimal, purpose: CallPurpose) -> None:
    """Records a call that was answered from the cache; `saved_usd`: what the first answer cost."""
    values = {"model": model, "saved_usd": rounded_up(saved_usd), "user_id": tx.info["user_id"], "kind": purpose.kind}
    origin = {"job_id": purpose.job_id, "attempt_id": purpose.attempt_id, "influencer_id": purpose.influencer_id}
    nothing = {"usd": Decimal(0), "estimate_usd": Decimal(0)}
    tx.execute(insert(LlmCall).values(id=new_id("llm"), day=text(_TODAY), state="cached", **values, **origin, **nothing))


def expire_dead(tx: Session, *, older_s: float = DEAD_AFTER_S) -> int:
    """Turns reservations whose caller is dead (older than `older_s` seconds, or the attempt has ended) into estimates.
    Returns how many."""
    expired = tx.execute(
        text(
            """UPDATE llm_calls c SET state = 'estimated', settled_at = clock_timestamp()
            WHERE c.tenant_id = :tenant_id AND c.state = 'reserved' AND (
              c.created_at < clock_timestamp() - make_interval(secs => :older_s)
              OR EXISTS (SELECT FROM attempts a WHERE a.tenant_id = c.tenant_id AND a.id = c.attempt_id
                AND a.ended_at < clock_timestamp() - interval '1 minute'))
            RETURNING c.id"""
        ),
        {"older_s": older_s, **_tenant(tx)},
    )
    return len(expired.all())


def expire(tx: Session, *, job_id: str, attempt_id: str) -> tuple[int, Decimal]:
    """Turns reservations of a job's earlier attempts into estimates. Returns (how many calls, USD).

    An attempt that is not dead after all still settles its call when the reply comes.
    """
    of_earlier_attempts = (
        "tenant_id = :tenant_id AND job_id = :job_id AND attempt_id IS DISTINCT FROM :attempt_id AND state = 'reserved'"
    )
    change = text(
        f"UPDATE llm_calls SET state = 'estimated', settled_at = clock_timestamp() WHERE {of_earlier_attempts} RETURNING usd"
    )
    estimates_usd = tx.scalars(change, {"job_id": job_id, "attempt_id": attempt_id, **_tenant(tx)}).all()
    return len(estimates_usd), sum(estimates_usd, Decimal(0))


def unsettled(tx: Session, *, take: int = 100) -> list[tuple[str, str]]:
    """(call id, generation id) of the newest estimates that the server can be asked about."""
    estimates = select(LlmCall.id, LlmCall.generation_id).where(LlmCall.state == "estimated", LlmCall.generation_id != "")
    recent = LlmCall.created_at > func.clock_timestamp() - text("interval '14 days'")
    return [(row.id, row.generation_id) for row in tx.execute(estimates.where(recent).order_by(LlmCall.id.desc()).limit(take))]


def correct(usd: Decimal) -> CallEnd:
    """The end of a call at the cost that the server named later for a lost reply."""
    return {"state": "settled", "usd": rounded_up(usd)}


def _tenant(tx: Session) -> dict[str, str]:
    return {"tenant_id": tx.info["tenant_id"]}

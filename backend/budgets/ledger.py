"""Reserve before a call, settle after it. A reservation counts as spent until it is settled: a crash never loses money."""

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
from backend.budgets.rules import ALERT_AT, effective, fits, is_near, most, over_sentence, rounded
from backend.budgets.schemas import About, OverBudget
from backend.engines.text.port import Reply
from backend.errors import LeaseLost, Unavailable
from backend.kit.db import Database, Trusted, storable
from backend.kit.ids import new_id
from backend.kit.together import Together
from backend.kit.trips import Call
from backend.settings import Settings
from backend.tables import LlmCall

Ending = Mapping[str, Any]
"""Columns of a call that has ended."""
DEAD_AFTER_S = 1800
"""No call takes this long: five tries of two silent minutes and the pauses between them."""
_LOCK = text("SELECT tenant_id FROM budgets WHERE tenant_id = :tenant_id FOR UPDATE")
_FIRST = text("INSERT INTO budgets (tenant_id) VALUES (:tenant_id) ON CONFLICT DO NOTHING")
_TODAY = "CAST(to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD') AS integer)"
_RESERVE = text(
    f"""WITH now AS (SELECT {_TODAY} AS day),
    b AS (SELECT daily_usd, monthly_usd, alerted_day, alerted_month FROM budgets WHERE tenant_id = :tenant_id),
    mine AS (
      SELECT CAST(:attempt_id AS text) IS NULL OR EXISTS (
        SELECT FROM attempts a JOIN jobs j ON j.id = a.job_id AND j.attempt_id = a.id
        WHERE a.id = :attempt_id AND a.ended_at IS NULL AND j.state = 'processing') AS still),
    spent AS (
      SELECT coalesce(sum(c.usd) FILTER (WHERE c.day = n.day), 0) AS today, coalesce(sum(c.usd), 0) AS month
      FROM now n LEFT JOIN llm_calls c ON c.tenant_id = :tenant_id AND c.day >= n.day / 100 * 100 AND c.id <> :id),
    put AS (
      INSERT INTO llm_calls (id, tenant_id, day, kind, usd, estimate_usd, job_id, attempt_id, user_id, influencer_id)
      SELECT :id, :tenant_id, n.day, :kind, :usd, :usd, :job_id, :attempt_id, :user_id, :influencer_id
      FROM now n, b, mine m, spent s
      WHERE m.still
        AND s.today + :usd <= coalesce(least(b.daily_usd, CAST(:most_daily AS numeric)), 'infinity')
        AND s.month + :usd <= coalesce(least(b.monthly_usd, CAST(:most_monthly AS numeric)), 'infinity')
      ON CONFLICT (id) DO UPDATE SET kind = excluded.kind)
    SELECT n.day, b.daily_usd, b.monthly_usd, b.alerted_day, b.alerted_month, s.today, s.month, m.still
    FROM now n, b, spent s, mine m"""
)
"""The sums see all that was reserved before: the row of `budgets` is locked by a statement before this one. Said again with the
same id, it changes nothing."""
_END = text(
    """UPDATE llm_calls c SET state = e.state, settled_at = clock_timestamp(), usd = coalesce(e.usd, c.usd),
      model = coalesce(e.model, c.model), generation_id = coalesce(e.generation_id, c.generation_id),
      prompt_tokens = coalesce(e.prompt_tokens, c.prompt_tokens),
      completion_tokens = coalesce(e.completion_tokens, c.completion_tokens)
    FROM jsonb_to_recordset(CAST(:calls AS jsonb)) AS e (id text, state text, usd numeric, model text, generation_id text,
      prompt_tokens int, completion_tokens int)
    WHERE c.id = e.id AND c.tenant_id = :tenant_id AND c.state IN ('reserved', 'estimated')"""
)
_RESERVING: Together[Call, Any] = Together()
_ENDING: Together[Ending, None] = Together()


@dataclass(frozen=True, slots=True)
class Reserved:
    """`near`: (period, day, limit) of limits that are nearly used up, and of which nobody has been told."""

    call_id: str
    near: tuple[tuple[str, int, Decimal | None], ...]


def reserve(db: Database, whose: Trusted, *, most_usd: Decimal, about: About, settings: Settings) -> Reserved:
    """Raises OverBudget with a sentence and LeaseLost when the attempt that asks has ended; nothing is reserved then. Raises
    Unavailable: it may be reserved, and `settle_dead` finds it.

    Everyone of a workspace who reserves waits for the row of `budgets` until the one before has committed, which is until it
    is on the disk. Those of this process who wait for one another are reserved by one of them, in one trip and one commit.
    """
    daily, monthly = most(settings)
    usd, call_id = rounded(most_usd), new_id("llm")
    values = {
        "id": call_id, "tenant_id": whose.tenant_id, "usd": usd, "most_daily": daily, "most_monthly": monthly,
        "kind": about.kind, "job_id": about.job_id, "attempt_id": about.attempt_id, "influencer_id": about.influencer_id,
        "user_id": whose.user_id or None,
    }  # fmt: skip
    row = _RESERVING.do((id(db), whose.tenant_id), (_RESERVE, values), partial(_reserved, db, Trusted(whose.tenant_id)))
    limits = {"day": effective(row.daily_usd, daily), "month": effective(row.monthly_usd, monthly)}
    spent = {"day": row.today, "month": row.month}
    if not row.still:
        raise LeaseLost("The attempt that asks no longer owns its job; another one goes on with it.")
    for period, limit in limits.items():
        if limit is not None and not fits(spent[period], usd, limit):
            raise OverBudget(over_sentence(period=period, spent=spent[period], more=usd, limit=limit))
    alerted = {"day": row.alerted_day == row.day, "month": row.alerted_month == row.day // 100}
    near = [one for one, limit in limits.items() if is_near(spent[one] + usd, limit) and not alerted[one]]
    return Reserved(call_id, tuple((period, row.day, limits[period]) for period in near))


def _reserved(db: Database, workspace: Trusted, calls: Sequence[Call]) -> list[Any]:
    """In order: each sees what those before it have taken."""
    tenant = {"tenant_id": workspace.tenant_id}
    return _surely(db, workspace, [(_FIRST, tenant), (_LOCK, tenant), *calls])[2:]


def _surely(db: Database, workspace: Trusted, calls: Sequence[Call]) -> list[Any]:
    """Said once more when Postgres went away over it: the connection may only have been an old one, and saying the same of the
    same calls again changes nothing."""
    try:
        return db.at_once(workspace, calls)
    except Unavailable:
        return db.at_once(workspace, calls)


def alert(tx: Session, reserved: Reserved) -> None:
    """Once a period; people who listen to events hear of it. A crash before it leaves it to the next call."""
    for period, day, limit in reserved.near:
        _alert(tx, period, day, limit)


def _alert(tx: Session, period: str, day: int, limit: Decimal | None) -> None:
    column, value = ("alerted_day", day) if period == "day" else ("alerted_month", day // 100)
    told = text(
        f"UPDATE budgets SET {column} = :value WHERE tenant_id = :tenant_id AND {column} IS DISTINCT FROM :value RETURNING 1"
    )
    if tx.execute(told, {"value": value, **_here(tx)}).first():
        data = {"period": period, "limit_usd": str(limit), "at": str(ALERT_AT)}
        events.record(tx, "budget.near", "budget", tx.info["tenant_id"], data)


def settle(reply: Reply) -> Ending:
    """At what it cost, also when the reservation was given up meanwhile."""
    return {
        "state": "settled", "usd": rounded(reply.cost_usd), "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens, "model": storable(reply.model),
        "generation_id": storable(reply.generation_id),
    }  # fmt: skip


def lose(generation_id: str = "") -> Ending:
    """Nobody knows what it cost: its estimate stays, flagged."""
    return {"state": "estimated", "generation_id": storable(generation_id)}


def release() -> Ending:
    """Refused before anything was made."""
    return {"state": "refused", "usd": Decimal(0)}


def end(db: Database, whose: Trusted, call_id: str, ending: Ending) -> None:
    """Again: no change. In one trip, shared by those that end at once: it is on the way of every answer. Raises Unavailable."""
    workspace = Trusted(whose.tenant_id)
    _ENDING.do((id(db), whose.tenant_id), {**ending, "id": call_id}, partial(_ended, db, workspace))


def _ended(db: Database, workspace: Trusted, calls: Sequence[Ending]) -> list[None]:
    _surely(db, workspace, [(_END, {"tenant_id": workspace.tenant_id, "calls": json.dumps(calls, default=str)})])
    return [None for _ in calls]


def remember(tx: Session, *, model: str, saved_usd: Decimal, about: About) -> None:
    """A call that was answered from memory."""
    values = {"model": model, "saved_usd": rounded(saved_usd), "user_id": tx.info["user_id"], "kind": about.kind}
    whose = {"job_id": about.job_id, "attempt_id": about.attempt_id, "influencer_id": about.influencer_id}
    nothing = {"usd": Decimal(0), "estimate_usd": Decimal(0)}
    tx.execute(insert(LlmCall).values(id=new_id("llm"), day=text(_TODAY), state="cached", **values, **whose, **nothing))


def settle_dead(tx: Session, *, older_s: float = DEAD_AFTER_S) -> int:
    """Reservations whose asker is gone stay at their estimate, flagged. How many there were."""
    found = tx.execute(
        text(
            """UPDATE llm_calls c SET state = 'estimated', settled_at = clock_timestamp()
            WHERE c.tenant_id = :tenant_id AND c.state = 'reserved' AND (
              c.created_at < clock_timestamp() - make_interval(secs => :older_s)
              OR EXISTS (SELECT FROM attempts a WHERE a.tenant_id = c.tenant_id AND a.id = c.attempt_id
                AND a.ended_at < clock_timestamp() - interval '1 minute'))
            RETURNING c.id"""
        ),
        {"older_s": older_s, **_here(tx)},
    )
    return len(found.all())


def give_up(tx: Session, *, job_id: str, attempt_id: str) -> tuple[int, Decimal]:
    """What earlier attempts of a job had asked when they died stays at its estimate, flagged: (how many calls, USD).

    An attempt that is not dead after all settles its call when the answer comes.
    """
    theirs = "tenant_id = :tenant_id AND job_id = :job_id AND attempt_id IS DISTINCT FROM :attempt_id AND state = 'reserved'"
    change = text(f"UPDATE llm_calls SET state = 'estimated', settled_at = clock_timestamp() WHERE {theirs} RETURNING usd")
    lost = tx.scalars(change, {"job_id": job_id, "attempt_id": attempt_id, **_here(tx)}).all()
    return len(lost), sum(lost, Decimal(0))


def doubtful(tx: Session, *, take: int = 100) -> list[tuple[str, str]]:
    """(call, generation) of estimates that the server can be asked about."""
    known = select(LlmCall.id, LlmCall.generation_id).where(LlmCall.state == "estimated", LlmCall.generation_id != "")
    recent = LlmCall.created_at > func.clock_timestamp() - text("interval '14 days'")
    return [(row.id, row.generation_id) for row in tx.execute(known.where(recent).order_by(LlmCall.id.desc()).limit(take))]


def correct(usd: Decimal) -> Ending:
    """What the server says of a lost answer."""
    return {"state": "settled", "usd": rounded(usd)}


def _here(tx: Session) -> dict[str, str]:
    return {"tenant_id": tx.info["tenant_id"]}

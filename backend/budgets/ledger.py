"""Reserve before a call, settle after it. A reservation counts as spent until it is settled: a crash never loses money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from typing import Any

from sqlalchemy import TextClause, func, insert, select, text
from sqlalchemy.orm import Session

from backend import events
from backend.budgets.rules import ALERT_AT, effective, fits, is_near, most, over_sentence, rounded
from backend.budgets.schemas import About, OverBudget
from backend.engines.text.port import Reply
from backend.kit.db import Database, Trusted
from backend.kit.ids import new_id
from backend.kit.together import Together
from backend.kit.trips import Call, in_one_trip
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
    spent AS (
      SELECT coalesce(sum(c.usd) FILTER (WHERE c.day = n.day), 0) AS today, coalesce(sum(c.usd), 0) AS month
      FROM now n LEFT JOIN llm_calls c ON c.tenant_id = :tenant_id AND c.day >= n.day / 100 * 100),
    put AS (
      INSERT INTO llm_calls (id, tenant_id, day, kind, usd, estimate_usd, job_id, attempt_id, user_id, influencer_id)
      SELECT :id, :tenant_id, n.day, :kind, :usd, :usd, :job_id, :attempt_id, :user_id, :influencer_id FROM now n, b, spent s
      WHERE s.today + :usd <= coalesce(least(b.daily_usd, CAST(:most_daily AS numeric)), 'infinity')
        AND s.month + :usd <= coalesce(least(b.monthly_usd, CAST(:most_monthly AS numeric)), 'infinity')
      RETURNING id)
    SELECT n.day, b.daily_usd, b.monthly_usd, b.alerted_day, b.alerted_month, s.today, s.month, p.id
    FROM now n CROSS JOIN b CROSS JOIN spent s LEFT JOIN put p ON true"""
)
"""The sums see all that was reserved before: the row of `budgets` is locked by a statement before this one."""
_RESERVING: Together[Mapping[str, Any], Any] = Together()
_ENDING: Together[Call, Any] = Together()


@dataclass(frozen=True, slots=True)
class Reserved:
    """`near`: (period, day, limit) of limits that are nearly used up, and of which nobody has been told."""

    call_id: str
    near: tuple[tuple[str, int, Decimal | None], ...]


def reserve(tx: Session, *, most_usd: Decimal, about: About, settings: Settings, last: bool = False) -> Reserved:
    """Raises OverBudget with a sentence; nothing is reserved then. `last`: `tx` is committed by it and takes no more.

    Everyone of a workspace who reserves waits for the row of `budgets` until the one before has committed, which is until it
    is on the disk. With `last`, those of this process who wait for one another are reserved by one of them in one commit.
    """
    daily, monthly = most(settings)
    usd = rounded(most_usd)
    values = {
        "usd": usd, "most_daily": daily, "most_monthly": monthly, "user_id": tx.info["user_id"],
        "kind": about.kind, "job_id": about.job_id, "attempt_id": about.attempt_id, "influencer_id": about.influencer_id,
    }  # fmt: skip
    reserving = partial(_reserved, tx, last)
    row = _RESERVING.do((id(tx.get_bind()), tx.info["tenant_id"]), values, reserving) if last else reserving([values])[0]
    limits = {"day": effective(row.daily_usd, daily), "month": effective(row.monthly_usd, monthly)}
    spent = {"day": row.today, "month": row.month}
    for period, limit in limits.items():
        if limit is not None and not fits(spent[period], usd, limit):
            raise OverBudget(over_sentence(period=period, spent=spent[period], more=usd, limit=limit))
    alerted = {"day": row.alerted_day == row.day, "month": row.alerted_month == row.day // 100}
    near = [one for one, limit in limits.items() if is_near(spent[one] + usd, limit) and not alerted[one]]
    return Reserved(str(row.id), tuple((period, row.day, limits[period]) for period in near))


def _reserved(tx: Session, last: bool, wanted: Sequence[Mapping[str, Any]]) -> list[Any]:
    """In order: each sees what those before it have taken."""
    tenant = {"tenant_id": tx.info["tenant_id"]}
    calls = [(_RESERVE, {**tenant, **values, "id": new_id("llm")}) for values in wanted]
    return in_one_trip(tx, [(_FIRST, tenant), (_LOCK, tenant), *calls], last=last)[2:]


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
        "state": "settled", "usd": rounded(reply.cost_usd), "model": reply.model, "generation_id": reply.generation_id,
        "prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens,
    }  # fmt: skip


def lose(generation_id: str = "") -> Ending:
    """Nobody knows what it cost: its estimate stays, flagged."""
    return {"state": "estimated", "generation_id": generation_id}


def release() -> Ending:
    """Refused before anything was made."""
    return {"state": "refused", "usd": Decimal(0)}


def end(db: Database, whose: Trusted, call_id: str, ending: Ending) -> None:
    """Again: no change. In one trip, shared by those that end at once: it is on the way of every answer. Raises Unavailable."""
    call = _ending(tuple(ending)), {**ending, "call_id": call_id, "tenant_id": whose.tenant_id}
    _ENDING.do((id(db), whose.tenant_id), call, partial(db.at_once, Trusted(whose.tenant_id)))


@cache
def _ending(columns: tuple[str, ...]) -> TextClause:
    """One of three."""
    new = ", ".join(f"{name} = :{name}" for name in columns)
    open_one = "id = :call_id AND tenant_id = :tenant_id AND state IN ('reserved', 'estimated')"
    return text(f"UPDATE llm_calls SET {new}, settled_at = clock_timestamp() WHERE {open_one} RETURNING id")


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

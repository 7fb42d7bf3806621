"""What an API key has used: jobs since midnight, dollars since the first of the month, both UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.db.tables import ApiKey, Job, LlmCall
from backend.errors import TooMany
from backend.kit.clock import now
from backend.language import tr_lazy


@dataclass(frozen=True, slots=True)
class Usage:
    """Jobs started today, and what its jobs have spent this month."""

    jobs: int = 0
    usd: Decimal = Decimal(0)


def usage(tx: Session, api_key_ids: Sequence[str]) -> Mapping[str, Usage]:
    """By key; a key that has used nothing is missing."""
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    key_id, by_key = func.coalesce(Job.api_key_id, ""), Job.api_key_id.in_(api_key_ids)
    # A job that a job of the key made is part of the same work and is not counted.
    started = select(key_id, func.count()).where(by_key, Job.created_at >= midnight, Job.parent_id.is_(None))
    jobs = {key: count for key, count in tx.execute(started.group_by(key_id))}
    first_day = int(f"{midnight:%Y%m}01")
    spent = (
        select(key_id, func.sum(LlmCall.usd))
        .join(LlmCall, LlmCall.job_id == Job.id)
        .where(by_key, LlmCall.day >= first_day)
        .group_by(key_id)
    )
    usd = {key: amount for key, amount in tx.execute(spent)}
    return {key: Usage(jobs.get(key, 0), usd.get(key, Decimal(0))) for key in jobs.keys() | usd.keys()}


def check_quota(tx: Session) -> str | None:
    """Called before a job is started. Returns the id of the API key that `tx` acts for, None without one.

    Locks the key until the commit, so that two requests at once cannot both take the last job. Raises TooMany with the time
    until the quota is full again.
    """
    api_key_id: str | None = tx.info.get("api_key_id")
    if api_key_id is None:
        return None
    quotas = select(ApiKey.jobs_per_day, ApiKey.usd_per_month).where(ApiKey.id == api_key_id).with_for_update()
    jobs_per_day, usd_per_month = tx.execute(quotas).one()
    if jobs_per_day is None and usd_per_month is None:
        return api_key_id
    used, at = usage(tx, [api_key_id]).get(api_key_id, Usage()), now()
    if jobs_per_day is not None and used.jobs >= jobs_per_day:
        raise TooMany(
            tr_lazy(
                "This API key has started {jobs} jobs today, as many as it may. It may continue at midnight UTC, or an "
                "owner raises its limit.",
                jobs=used.jobs,
            ),
            retry_after=_seconds_to_midnight(at),
        )
    if usd_per_month is not None and used.usd >= usd_per_month:
        raise TooMany(
            tr_lazy(
                "The jobs of this API key have spent ${usd:.2f} of ${usd_per_month:.2f} this month. It may continue "
                "next month, or an owner raises its limit.",
                usd=used.usd,
                usd_per_month=usd_per_month,
            ),
            retry_after=_seconds_to_next_month(at),
        )
    return api_key_id


def _seconds_to_midnight(at: datetime) -> float:
    return 86_400.0 - (at.hour * 3600 + at.minute * 60 + at.second)


def _seconds_to_next_month(at: datetime) -> float:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return (following - at).total_seconds()

"""What a workspace may spend on AI calls, and the ledger of these calls."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_key


class Budget(Tenanted, Base):
    """One row a workspace; locked while a reservation is made, so that two reservations cannot use the same money."""

    __tablename__ = "budgets"
    __table_args__ = (CheckConstraint("daily_usd >= 0 AND monthly_usd >= 0", name="limits"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    daily_usd: Mapped[Decimal | None] = mapped_column(Numeric(18, 9))
    """The owner's limit; None: only the operator's applies."""
    monthly_usd: Mapped[Decimal | None] = mapped_column(Numeric(18, 9))
    alerted_day: Mapped[int] = mapped_column(server_default="0")
    """The last day (yyyymmdd) and month (yyyymm) in which the alert at 80 % was raised."""
    alerted_month: Mapped[int] = mapped_column(server_default="0")
    refused_day: Mapped[int] = mapped_column(server_default="0")
    """The last day and month in which a call was refused because the limit was used up."""
    refused_month: Mapped[int] = mapped_column(server_default="0")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class LlmCall(Tenanted, Dated, Base):
    """The ledger. `usd` counts against the limits: the reservation first, what it cost once that is known.

    reserved: not answered yet · settled: cost known · estimated: the reply was lost, `usd` is the most it can have cost ·
    refused:
    nothing paid · cached: answered from the cache, `saved_usd` is what the first reply cost. Jobs and influencers are named
    without a foreign key: the money stays spent when they are deleted.
    """

    __tablename__ = "llm_calls"
    __table_args__ = (
        tenant_key(),
        CheckConstraint(one_of("state", "reserved", "settled", "estimated", "refused", "cached"), name="state"),
        CheckConstraint("usd >= 0 AND estimate_usd >= 0 AND saved_usd >= 0", name="usd"),
        Index(None, "tenant_id", "day"),
        Index("ix_llm_calls_job", "tenant_id", "job_id", postgresql_where=text("job_id IS NOT NULL")),
        Index("ix_llm_calls_open", "tenant_id", "state", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[int]
    """yyyymmdd, UTC: a call belongs to the day and month in which it was reserved."""
    kind: Mapped[str]
    """What was written: suggestion, caption …"""
    state: Mapped[str] = mapped_column(server_default="reserved")
    usd: Mapped[Decimal] = mapped_column(Numeric(18, 9))
    estimate_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9))
    saved_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default="0")
    model: Mapped[str] = mapped_column(server_default="")
    """The model that answered."""
    generation_id: Mapped[str] = mapped_column(server_default="")
    prompt_tokens: Mapped[int] = mapped_column(server_default="0")
    completion_tokens: Mapped[int] = mapped_column(server_default="0")
    input_usd: Mapped[Decimal | None] = mapped_column(Numeric(18, 9))
    """The part of `usd` for what was sent; None: not known (lost replies, and older calls)."""
    job_id: Mapped[str | None]
    attempt_id: Mapped[str | None]
    user_id: Mapped[str | None]
    influencer_id: Mapped[str | None]
    settled_at: Mapped[datetime | None]

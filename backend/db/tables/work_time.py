"""How long finished work took; estimates are learned from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base


class WorkTime(Base):
    """One finished piece of work. Belongs to the installation, not to a workspace: it names only a machine and a model."""

    __tablename__ = "work_times"
    __table_args__ = (Index(None, "what", "model", "id"), Index(None, "device_id", "id"))
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    what: Mapped[str]
    """draw, upscale, film, caption, train …"""
    model: Mapped[str]
    """The checkpoint, upscaler or captioner used; empty where it does not matter."""
    cost: Mapped[float]
    """The size of the work."""
    measured: Mapped[bool]
    """`cost` is in seconds of the machine that costs were measured on, else in any unit that grows with the work."""
    cold: Mapped[bool]
    """Its engine had to load first."""
    load_s: Mapped[float]
    """Seconds from the start to the first countable progress."""
    work_s: Mapped[float]
    """Seconds from then to the end."""
    tail_s: Mapped[float]
    """The part of `work_s` from the last countable progress to the end."""
    device_id: Mapped[str | None]
    worker_id: Mapped[str]
    loaded_until: Mapped[datetime | None]
    """Until when the engine keeps the model in memory; None: it does not."""
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

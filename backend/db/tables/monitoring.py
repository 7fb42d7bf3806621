"""What the whole installation did and had to do, one row a minute."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base


class InstallationSample(Base):
    """Written by the scheduler's process; read by operators and by Prometheus. Names no workspace, person or post."""

    __tablename__ = "installation_samples"
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    """Events up to this one are counted in this sample and the ones before."""
    figures: Mapped[dict[str, Any]]
    """`backend.monitoring.Figures` as JSON."""

"""Assets as they go out: another format, cropped, shortened, without foreign metadata, with the AI mark."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, tenant_fk, tenant_key


class Rendition(Tenanted, Dated, Base):
    """One asset by one recipe. `made_id` empty: not made yet, or `error` says why it cannot be."""

    __tablename__ = "renditions"
    __table_args__ = (
        tenant_key(),
        tenant_fk("asset_id", "assets", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "asset_id", "digest"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str]
    digest: Mapped[str]
    """SHA-256 of the recipe: the same is made once."""
    recipe: Mapped[dict[str, Any]]
    made_id: Mapped[str | None]
    """The asset that came of it."""
    error: Mapped[str] = mapped_column(server_default="")
    used_at: Mapped[datetime | None]
    """When a post last needed it; renditions that are no longer needed are deleted."""

"""ComfyUI workflows that people brought in: the graph and what of it takes the prompt, the seed, the size."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_key


class ComfyGraph(Tenanted, Dated, Base):
    """`graph` never changes: another one is another row. A changed `mapping` must be tried and approved anew."""

    __tablename__ = "comfy_graphs"
    __table_args__ = (
        tenant_key(),
        Index("uq_comfy_graphs_name", "tenant_id", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
        CheckConstraint(one_of("state", "draft", "approved", "archived"), name="state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    notes: Mapped[str] = mapped_column(server_default="")
    graph: Mapped[dict[str, Any]]
    mapping: Mapped[dict[str, Any]]
    """{role: [[node id, input], …]}; roles: `comfy_workflow.ROLES`."""
    state: Mapped[str] = mapped_column(server_default="draft")
    tried_id: Mapped[str | None]
    """The request (a generation) that drew one picture with it as it is now; it may be long gone."""
    tried_at: Mapped[datetime | None]
    """When that picture was there."""
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]

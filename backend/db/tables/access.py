"""What lets programs in: API keys, and the answers that an Idempotency-Key repeats."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_key


class ApiKey(Tenanted, Dated, Base):
    """A key of a workspace. It acts for the person who made it, with the lower of that person's role and its own.

    Only its name and its quotas change: scopes that grew behind a program's back would surprise whoever gave it the key.
    """

    __tablename__ = "api_keys"
    __table_args__ = (tenant_key(), CheckConstraint(one_of("role", "viewer", "editor", "owner"), name="role"))
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    last_four: Mapped[str]
    scopes: Mapped[list[str]]
    """As backend.access.scopes spells them: `posts:write`, `*:read`."""
    role: Mapped[str]
    """The least role that its scopes need."""
    jobs_per_day: Mapped[int | None]
    """Jobs it may start between one midnight and the next, UTC; null: no limit."""
    usd_per_month: Mapped[Decimal | None] = mapped_column(Numeric(18, 9))
    """What its jobs may spend on language models in a calendar month, UTC; null: the workspace's budget alone."""
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotentRequest(Tenanted, Dated, Base):
    """A request with an Idempotency-Key, and once it has succeeded its answer, for 24 hours.

    `status` null: it runs, or its process died; `created_at` is renewed while it runs, and after a while without that another
    one may take it over. `headers` has its `run` then, and `body`, once it has changed something, what to answer if it died.
    """

    __tablename__ = "idempotent_requests"
    __table_args__ = (Index(None, "created_at"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=text("current_setting('app.tenant', true)"))
    key_hash: Mapped[str] = mapped_column(primary_key=True)
    """Of who asked, method, path and key."""
    body_hash: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)

"""What every table shares: naming of constraints, ids, the workspace column and the foreign keys that carry it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, ForeignKeyConstraint, MetaData, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CURRENT_TENANT = text("current_setting('app.tenant', true)")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: JSONB,
    }


class Tenanted:
    """A row of one workspace. Stamped by the session, defaulted by Postgres, confined by row-level security."""

    tenant_id: Mapped[str] = mapped_column(Text, server_default=CURRENT_TENANT)


class Dated:
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


def tenant_key(*columns: str) -> UniqueConstraint:
    """(tenant_id, id) and names unique in a workspace."""
    return UniqueConstraint("tenant_id", *(columns or ("id",)))


def tenant_fk(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference that cannot leave its workspace. `ondelete="SET NULL"` clears only `column`, never the workspace."""
    if ondelete == "SET NULL":
        ondelete = f"SET NULL ({column})"
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete)


def words(column: str, *allowed: str) -> str:
    """SQL of a CHECK that keeps a text column to these words."""
    return f"{column} IN ({', '.join(repr(str(word)) for word in allowed)})"

"""What all tables share: names of constraints, the workspace column, and foreign keys that include it."""

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
    """A row of one workspace. `tenant_id` is set by the session before a flush, or by Postgres's default; row-level security
    confines every statement to it."""

    tenant_id: Mapped[str] = mapped_column(Text, server_default=CURRENT_TENANT)


class Dated:
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


def tenant_key(*columns: str) -> UniqueConstraint:
    """A unique constraint within a workspace: on (tenant_id, id), or on tenant_id and `columns`."""
    return UniqueConstraint("tenant_id", *(columns or ("id",)))


def tenant_fk(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key that cannot point into another workspace. `ondelete="SET NULL"` clears only `column`, never the
    workspace."""
    if ondelete == "SET NULL":
        ondelete = f"SET NULL ({column})"
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete)


def one_of(column: str, *allowed: str) -> str:
    """SQL of a CHECK constraint: the text column holds one of the `allowed` values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in allowed)})"

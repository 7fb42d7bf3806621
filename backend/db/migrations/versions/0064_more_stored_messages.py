"""Titles and phases of jobs, and notices, are stored with their parts, so that everybody reads them in their own language."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None
serves_since = "0064"

COLUMNS = (("jobs", "title", False), ("attempts", "phase", True), ("notices", "title", False), ("notices", "message", True))
"""Table, column, whether it is "" where nothing is said."""
SEARCH = (
    "ALTER TABLE jobs ADD COLUMN search tsvector GENERATED ALWAYS AS (array_to_tsvector(ARRAY['#' || tenant_id]) || "
    "to_tsvector('simple'::regconfig, translate({}, '-/._@+&?=~#<>'::text, '             '::text))) STORED"
)


def upgrade() -> None:
    _drop_search()
    for table, column, is_optional in COLUMNS:
        _change(table, column, "jsonb", f"jsonb_build_object('text', {column})", '\'{"text": ""}\'' if is_optional else "")
    _add_search("title ->> 'text'")


def downgrade() -> None:
    _drop_search()
    for table, column, is_optional in COLUMNS:
        _change(table, column, "text", f"{column} ->> 'text'", "''" if is_optional else "")
    _add_search("title")


def _drop_search() -> None:
    op.drop_index("ix_jobs_search", "jobs")
    op.drop_column("jobs", "search")


def _add_search(title: str) -> None:
    """The column that 0063 has added, over what the title is now."""
    op.execute(SEARCH.format(title))
    ended = sa.text("state IN ('completed', 'failed', 'cancelled')")
    op.create_index("ix_jobs_search", "jobs", ["search"], postgresql_using="gin", postgresql_where=ended)


def _change(table: str, column: str, type_: str, value: str, default: str) -> None:
    changes = [f"ALTER COLUMN {column} TYPE {type_} USING {value}"]
    if default:
        changes.insert(0, f"ALTER COLUMN {column} DROP DEFAULT")
        changes.append(f"ALTER COLUMN {column} SET DEFAULT {default}")
    op.execute(f"ALTER TABLE {table} {', '.join(changes)}")

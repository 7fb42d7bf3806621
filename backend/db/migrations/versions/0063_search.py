"""Search of texts by their topic, hook and caption, and of jobs by their title."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0061"
branch_labels = None
depends_on = None

WORDS = "to_tsvector('simple'::regconfig, translate({}, '-/._@+&?=~#<>'::text, '             '::text))"
CAPTION = "topic || ' ' || coalesce(parts ->> 'hook', '') || ' ' || coalesce(parts ->> 'caption', '')"
TABLES = {"text_drafts": WORDS.format(CAPTION), "jobs": WORDS.format("title")}


def upgrade() -> None:
    for table, words in TABLES.items():
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN search tsvector GENERATED ALWAYS AS "
            f"(array_to_tsvector(ARRAY['#' || tenant_id]) || {words}) STORED"
        )
    op.create_index("ix_text_drafts_search", "text_drafts", ["search"], postgresql_using="gin")
    ended = sa.text("state IN ('completed', 'failed', 'cancelled')")
    op.create_index("ix_jobs_search", "jobs", ["search"], postgresql_using="gin", postgresql_where=ended)


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS find_anywhere")
    for table in TABLES:
        op.drop_index(f"ix_{table}_search", table)
        op.drop_column(table, "search")

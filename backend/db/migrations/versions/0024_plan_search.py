"""Search of plans by the words of their topic, captions and hashtags."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

WORDS = "to_tsvector('simple'::regconfig, translate({}, '-/._@+&?=~#<>', '             '))"
TABLES = {
    "content_plans": WORDS.format("topic"),
    "posts": WORDS.format("caption") + " || to_tsvector('simple'::regconfig, hashtags)",
}


def upgrade() -> None:
    for table, words in TABLES.items():
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN search tsvector GENERATED ALWAYS AS "
            f"(array_to_tsvector(ARRAY['#' || tenant_id]) || {words}) STORED"
        )
        op.create_index(f"ix_{table}_search", table, ["search"], postgresql_using="gin")


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS find_plans")
    for table in TABLES:
        op.drop_index(f"ix_{table}_search", table)
        op.drop_column(table, "search")

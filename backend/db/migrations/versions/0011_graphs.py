"""ComfyUI workflows that people brought in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "comfy_graphs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, server_default="", nullable=False),
        sa.Column("graph", postgresql.JSONB, nullable=False),
        sa.Column("mapping", postgresql.JSONB, nullable=False),
        sa.Column("state", sa.Text, server_default="draft", nullable=False),
        sa.Column("tried_id", sa.Text),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("created_by", sa.Text),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_comfy_graphs_tenant_id_id")),
        sa.CheckConstraint("state IN ('draft', 'approved', 'archived')", name=op.f("ck_comfy_graphs_state")),
    )
    op.create_index(
        "uq_comfy_graphs_name",
        "comfy_graphs",
        ["tenant_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("comfy_graphs")

"""Variants of reels: the same scenes with another hook or ending, each with a video of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

KEY = "fk_reels_tenant_id_variant_of_reels"


def upgrade() -> None:
    op.add_column("reels", sa.Column("variant_of", sa.Text))
    op.add_column("reels", sa.Column("hook", sa.Text, server_default="", nullable=False))
    op.add_column("reels", sa.Column("ending", sa.Text, server_default="", nullable=False))
    own, whole = ["tenant_id", "variant_of"], ["tenant_id", "id"]
    op.create_foreign_key(op.f(KEY), "reels", "reels", own, whole, ondelete="CASCADE")
    op.create_index("ix_reels_variant_of", "reels", ["tenant_id", "variant_of"])


def downgrade() -> None:
    op.execute("DELETE FROM reels WHERE variant_of IS NOT NULL")
    op.drop_index("ix_reels_variant_of", "reels")
    op.drop_constraint(op.f(KEY), "reels")
    for name in ("ending", "hook", "variant_of"):
        op.drop_column("reels", name)

"""Files of a kind are listed, newest first, without reading those of other kinds."""

from alembic import op

revision = "0044"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_assets_tenant_id_kind_id", "assets", ["tenant_id", "kind", "id"])


def downgrade() -> None:
    op.drop_index("ix_assets_tenant_id_kind_id", table_name="assets")

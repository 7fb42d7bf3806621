"""How many jobs of a kind are in each state, counted from an index."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_jobs_tenant_id_kind_state", "jobs", ["tenant_id", "kind", "state"])


def downgrade() -> None:
    op.drop_index("ix_jobs_tenant_id_kind_state", "jobs")

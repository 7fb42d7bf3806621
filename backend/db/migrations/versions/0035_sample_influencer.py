"""One influencer of a workspace may be the sample."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("influencers", sa.Column("is_sample", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("uq_influencers_sample", "influencers", ["tenant_id"], unique=True, postgresql_where=sa.text("is_sample"))


def downgrade() -> None:
    op.drop_index("uq_influencers_sample", table_name="influencers")
    op.drop_column("influencers", "is_sample")

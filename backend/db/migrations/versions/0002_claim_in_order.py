"""Claims walk the queue's own index: the one on parents covers children only, so that nothing is tempted to sort a backlog.

A failure can be dismissed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_jobs_tenant_id_parent_id", "jobs")
    op.create_index("ix_jobs_children", "jobs", ["tenant_id", "parent_id"], postgresql_where="parent_id IS NOT NULL")
    op.add_column("jobs", sa.Column("dismissed_at", sa.DateTime(timezone=True)))

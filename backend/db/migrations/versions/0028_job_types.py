"""What was ordered stands with each job; what a job cost and which jobs gave up is read from an index."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("type", sa.Text))
    op.create_index("ix_jobs_tenant_id_type_state", "jobs", ["tenant_id", "type", "state"])
    op.create_index("ix_jobs_dead_letters", "jobs", ["tenant_id", "id"], postgresql_where=sa.text("dead_letter"))
    op.create_index("ix_llm_calls_job", "llm_calls", ["tenant_id", "job_id"], postgresql_where=sa.text("job_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_llm_calls_job", "llm_calls")
    op.drop_index("ix_jobs_dead_letters", "jobs")
    op.drop_index("ix_jobs_tenant_id_type_state", "jobs")
    op.drop_column("jobs", "type")

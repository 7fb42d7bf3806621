"""Continued, duplicated and scheduled training runs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REFERS = {
    "copied_from_run_id": "training_runs",
    "continued_from_run_id": "training_runs",
    "start_asset_id": "assets",
    "start_state_asset_id": "assets",
}


def upgrade() -> None:
    for column in _REFERS:
        op.add_column("training_runs", sa.Column(column, sa.Text()))
    op.add_column("training_runs", sa.Column("continued_from_step", sa.Integer()))
    for column, table in _REFERS.items():
        op.create_foreign_key(
            f"fk_training_runs_tenant_id_{column}",
            "training_runs",
            table,
            ["tenant_id", column],
            ["tenant_id", "id"],
            ondelete=f"SET NULL ({column})",
        )
    op.create_index("ix_training_runs_tenant_id_continued_from_run_id", "training_runs", ["tenant_id", "continued_from_run_id"])

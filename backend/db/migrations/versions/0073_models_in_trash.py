"""LoRAs and datasets are in the trash before they are gone for good; those deleted earlier are gone."""

from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("loras", "datasets"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN erased_at timestamptz")
        # a change of type sets values in every workspace, which row-level security keeps an UPDATE from
        op.execute(f"ALTER TABLE {table} ALTER COLUMN erased_at TYPE timestamptz USING deleted_at")


def downgrade() -> None:
    for table in ("loras", "datasets"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN erased_at")

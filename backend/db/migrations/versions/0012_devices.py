"""A card's engines go down one by one: which, and why."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("devices", sa.Column("down", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False))
    op.execute("UPDATE devices SET state = 'up' WHERE state = 'down'")
    op.drop_column("devices", "down_reason")
    op.drop_constraint(op.f("ck_devices_state"), "devices")
    op.create_check_constraint(op.f("ck_devices_state"), "devices", "state IN ('up', 'disabled')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_devices_state"), "devices")
    op.create_check_constraint(op.f("ck_devices_state"), "devices", "state IN ('up', 'down', 'disabled')")
    op.add_column("devices", sa.Column("down_reason", sa.Text(), server_default="", nullable=False))
    op.drop_column("devices", "down")

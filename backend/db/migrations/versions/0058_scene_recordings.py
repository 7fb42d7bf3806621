"""A scene of a reel has a recording of its own, which is heard instead of the voice."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0054"
branch_labels = None
depends_on = None

KEY = "fk_reel_scenes_tenant_id_recording_asset_id_assets"


def upgrade() -> None:
    op.add_column("reel_scenes", sa.Column("recording_asset_id", sa.Text))
    op.create_foreign_key(op.f(KEY), "reel_scenes", "assets", ["tenant_id", "recording_asset_id"], ["tenant_id", "id"])
    op.create_index("ix_reel_scenes_recording", "reel_scenes", ["tenant_id", "recording_asset_id"])


def downgrade() -> None:
    op.drop_index("ix_reel_scenes_recording", "reel_scenes")
    op.drop_constraint(op.f(KEY), "reel_scenes")
    op.drop_column("reel_scenes", "recording_asset_id")

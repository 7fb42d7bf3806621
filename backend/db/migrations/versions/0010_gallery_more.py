"""The same file brought in twice is found: by the file as it came, and by the files we keep."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pictures", sa.Column("file_sha256", sa.Text()))
    brought = sa.text("file_sha256 IS NOT NULL AND deleted_at IS NULL")
    op.create_index("ix_pictures_file", "pictures", ["tenant_id", "file_sha256"], postgresql_where=brought)
    kept = sa.text("kind = 'image' AND state = 'stored'")
    op.create_index("ix_assets_image_sha256", "assets", ["tenant_id", "sha256"], postgresql_where=kept)
    op.create_index("ix_pictures_asset", "pictures", ["tenant_id", "asset_id"])

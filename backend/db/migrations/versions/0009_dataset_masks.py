"""Masks of training pictures; removing pictures can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dataset_images", sa.Column("mask_asset_id", sa.Text()))
    op.add_column("dataset_images", sa.Column("mask_version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_foreign_key(
        "fk_dataset_images_tenant_id_mask_asset_id",
        "dataset_images",
        "assets",
        ["tenant_id", "mask_asset_id"],
        ["tenant_id", "id"],
    )
    op.drop_constraint(op.f("ck_dataset_edits_kind"), "dataset_edits", type_="check")
    kinds = "kind IN ('captions', 'included', 'crops', 'masks', 'removed')"
    op.create_check_constraint(op.f("ck_dataset_edits_kind"), "dataset_edits", kinds)

"""A LoRA of a new influencer has the weight 0.8; a picture of a dataset has repeats of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("influencers", "default_lora_weight", server_default="0.8")
    op.add_column("dataset_images", sa.Column("repeats", sa.Integer, server_default="1", nullable=False))
    op.create_check_constraint(op.f("ck_dataset_images_repeats"), "dataset_images", "repeats BETWEEN 1 AND 999")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_dataset_images_repeats"), "dataset_images")
    op.drop_column("dataset_images", "repeats")
    op.alter_column("influencers", "default_lora_weight", server_default="1")

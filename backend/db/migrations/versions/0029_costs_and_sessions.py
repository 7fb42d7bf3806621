"""The part of a call's cost for what was sent; the model of a writing style, and where its conversation begins."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("llm_calls", sa.Column("input_usd", sa.Numeric(18, 9), nullable=True))
    op.add_column("writing_styles", sa.Column("model", sa.Text(), server_default="", nullable=False))
    op.add_column("writing_styles", sa.Column("conversation_from", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("writing_styles", "conversation_from")
    op.drop_column("writing_styles", "model")
    op.drop_column("llm_calls", "input_usd")

"""Captions written by a model."""

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None: ...


def downgrade() -> None: ...

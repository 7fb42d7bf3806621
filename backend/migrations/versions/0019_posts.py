"""Posts on the calendar, and what was tried to publish them."""

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None: ...


def downgrade() -> None: ...

"""Why a post failed, why a file was refused, what a run of an automation did, what was done to pictures: stored with their
parts, so that everybody reads them in their own language."""

from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None
serves_since = "0072"

COLUMNS = (
    ("posts", "error", True),
    ("post_attempts", "said", True),
    ("picture_acts", "said", False),
    ("automations", "pause_reason", True),
    ("automation_runs", "refusal", True),
    ("automation_runs", "summary", True),
    ("automation_steps", "message", True),
    ("webhook_endpoints", "disabled_reason", True),
    ("channels", "trouble", True),
    ("uploads", "reason", True),
    ("style_sources", "reason", True),
    ("renditions", "error", True),
    ("dataset_edits", "title", False),
    ("caption_results", "reason", True),
)
"""Table, column, whether it is "" where nothing is said."""


def upgrade() -> None:
    for table, column, is_optional in COLUMNS:
        _change(table, column, "jsonb", f"jsonb_build_object('text', {column})", '\'{"text": ""}\'' if is_optional else "")


def downgrade() -> None:
    for table, column, is_optional in COLUMNS:
        _change(table, column, "text", f"{column} ->> 'text'", "''" if is_optional else "")


def _change(table: str, column: str, type_: str, value: str, default: str) -> None:
    changes = [f"ALTER COLUMN {column} TYPE {type_} USING {value}"]
    if default:
        changes.insert(0, f"ALTER COLUMN {column} DROP DEFAULT")
        changes.append(f"ALTER COLUMN {column} SET DEFAULT {default}")
    op.execute(f"ALTER TABLE {table} {', '.join(changes)}")

"""Which versions run beside today's on its schema, as docs/operate.md has it: `python -m ops.upgrade.compatibility`."""

from __future__ import annotations

from alembic.config import Config

from backend.db.migrations import contract

RELEASES = {"0.6.0": "0025"}
"""Released version -> the schema that it was written for."""


def table() -> list[str]:
    """Lines of Markdown."""
    config = Config()
    config.set_main_option("script_location", str(contract.FOLDER.parent))
    migrations = contract.migrations(config)
    oldest = contract.serves_since(migrations)
    lines = ["| Version | Written for schema | Runs beside today's |", "|---|---|---|"]
    for version, schema in RELEASES.items():
        lines.append(
            f"| {version} | {schema} | {'yes' if schema >= oldest else 'no: it is stopped while the database is migrated'} |"
        )
    lines.append(f"| since then | {oldest} or newer | yes |")
    lines += ["", "| Schema | Serves what was written for | Because |", "|---|---|---|"]
    lines += [
        f"| {migration.revision} | {migration.serves_since} or newer | {migration.why} |"
        for migration in migrations
        if migration.serves_since
    ]
    return lines


if __name__ == "__main__":
    print("\n".join(table()))

"""Which code a database serves: schemas grow first (expand), and lose what no code uses any more in a later release (contract).

A migration that takes something away from code that is older than a schema says so: `serves_since = "0064"` means that code
written for 0063 or earlier breaks on it. The database keeps the newest of these statements in the function
`schema_contract()`, so that code which does not know the newest migrations knows whether it may run on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from backend.errors import Invalid

FOLDER = Path(__file__).parent / "versions"
HEAD = max(path.name[:4] for path in FOLDER.glob("[0-9]*.py"))
"""The schema that this code was written for. Read once: an upgrade puts newer files there while this process runs."""
_UPGRADE = "Run `make upgrade`, or where somebody else keeps the database: python -m backend.db.migrations (docs/operate.md)."


@dataclass(frozen=True, slots=True)
class Migration:
    """`serves_since`: code written for an older schema than this breaks on it; "" for a migration that breaks none.
    `why`: what the migration is about."""

    revision: str
    serves_since: str
    why: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What a database says of itself: its schema, and the oldest code that may use it. `revision` "": it is empty."""

    revision: str
    serves_since: str


def migrations(config: Config) -> list[Migration]:
    """All of them, the first one first."""
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    return [
        Migration(script.revision, getattr(script.module, "serves_since", ""), " ".join(script.doc.split()))
        for script in reversed(scripts)
    ]


def serves_since(migrations_done: Sequence[Migration]) -> str:
    """Of the schema that `migrations_done` make."""
    return max((migration.serves_since for migration in migrations_done), default="") or migrations_done[0].revision


def declare(connection: Connection, oldest: str) -> None:
    """Writes into the database that it serves code of `oldest` and newer. Runs as the owner, with the migration;
    who may call the function is said with all others (rights.py)."""
    assert oldest.isalnum()
    connection.execute(
        text(
            "CREATE OR REPLACE FUNCTION schema_contract() RETURNS TABLE(revision text, serves_since text) LANGUAGE sql STABLE "
            "SECURITY DEFINER SET search_path = public, pg_temp AS "
            f"$$ SELECT (SELECT max(version_num) FROM alembic_version), '{oldest}' $$"
        )
    )


def read_contract(connection: Connection) -> Contract | None:
    """None: nobody has declared one, so the schema is older than contracts are, or there is none."""
    if connection.scalar(text("SELECT to_regprocedure('public.schema_contract()') IS NULL")):
        return None
    row = connection.execute(text("SELECT revision, serves_since FROM schema_contract()")).one()
    return Contract(row.revision or "", row.serves_since)


def check_schema(connection: Connection, head: str = HEAD) -> None:
    """Raises Invalid, with what to do, when code written for `head` must not run on this database: its schema is older, or it
    is newer and has lost what that code uses. A newer schema that still serves it is fine."""
    contract = read_contract(connection)
    if contract is None or contract.revision < head:
        now = f"has schema {contract.revision}" if contract and contract.revision else "has an older schema, or none"
        raise Invalid(f"The database {now}; this version of the studio needs {head}. {_UPGRADE}")
    if contract.serves_since > head:
        raise Invalid(too_new(contract, head))


def schema_is_newer(connection: Connection) -> bool:
    """Than the one that this code was written for: a newer version is here, or coming."""
    contract = read_contract(connection)
    return contract is not None and contract.revision > HEAD


def too_new(contract: Contract, head: str) -> str:
    return (
        f"The database has schema {contract.revision}, which serves only versions of the studio written for "
        f"{contract.serves_since} or newer; this one was written for {head}. Start the newer version, or restore a backup from "
        "before the upgrade (docs/operate.md)."
    )

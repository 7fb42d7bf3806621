"""Brings a database to today's schema and makes the two confined logins. Run as the owner:
`python -m backend.db.migrations`.
"""

from backend.db.migrations.apply import migrate, read_schema
from backend.db.migrations.contract import Contract, check_schema, schema_is_newer
from backend.db.migrations.logins import Logins, check_confined

__all__ = ["Contract", "Logins", "check_confined", "check_schema", "migrate", "read_schema", "schema_is_newer"]

"""Brings a database to today's schema and makes the two confined logins. Run as the owner: `python -m backend.migrations`."""

from backend.migrations.apply import Logins, check_confined, migrate

__all__ = ["Logins", "check_confined", "migrate"]

"""`python -m backend.accounts.reset_link name@example.org`: for an owner who forgot the password and has nobody to ask."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from backend.accounts.links import RESET_HOURS, make_reset_on_the_server
from backend.errors import StudioError
from backend.kit.db import Database, Nobody
from backend.local_stack.running import running
from backend.settings import Settings


def main(argv: Sequence[str]) -> int:
    """The exit code. The link alone goes to standard output."""
    if len(argv) != 1:
        sys.stderr.write("Say whose password: python -m backend.accounts.reset_link name@example.org\n")
        return 2
    try:
        link = made(Settings(), argv[0])
    except StudioError as error:
        sys.stderr.write(error.message + "\n")
        return 1
    sys.stderr.write(f"This link lets {argv[0]} choose a new password, once, within {RESET_HOURS} hours:\n")
    sys.stdout.write(link + "\n")
    return 0


def made(settings: Settings, email: str) -> str:
    """In the database of DATABASE_URL, else in that of the studio that runs on this machine. Raises StudioError."""
    url, base = settings.database_url.get_secret_value(), settings.base_url
    if not url:
        here = running(settings.data_dir.resolve())
        url, base = here.database_url, here.url
    database = Database(url, pool_size=1)
    try:
        with database.transaction(Nobody()) as tx:
            return f"{base}/?reset={make_reset_on_the_server(tx, email)}"
    finally:
        database.close()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

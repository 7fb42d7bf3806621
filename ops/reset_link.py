"""`.venv/bin/python -m ops.reset_link name@example.org`: prints a password reset link, for an only owner who cannot sign in.

With `--turn-off-two-factor` behind the address, for somebody who has lost the authenticator app and the recovery codes too.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from backend.accounts.invitations import RESET_HOURS, create_reset_link_on_server
from backend.db.transactions import Anonymous, Database
from backend.errors import StudioError
from backend.settings import Settings
from ops.local_stack.run_info import run_info, studio_url

_TURN_OFF = "--turn-off-two-factor"


def main(argv: Sequence[str]) -> int:
    """The exit code. The link alone goes to standard output."""
    if len(argv) not in (1, 2) or argv[1:] not in ([], [_TURN_OFF]):
        sys.stderr.write(f"Say whose password: .venv/bin/python -m ops.reset_link name@example.org [{_TURN_OFF}]\n")
        return 2
    try:
        link = make_link(Settings.read(), argv[0], turn_off_two_factor=argv[1:] == [_TURN_OFF])
    except StudioError as error:
        sys.stderr.write(error.message + "\n")
        return 1
    sys.stderr.write(f"This link lets {argv[0]} choose a new password, once, within {RESET_HOURS} hours:\n")
    sys.stdout.write(link + "\n")
    return 0


def make_link(settings: Settings, email: str, *, turn_off_two_factor: bool = False) -> str:
    """Makes the link in the database of DATABASE_URL, else in that of the studio on this machine. Raises StudioError."""
    url, folder = settings.postgres.url.get_secret_value(), settings.data_dir.resolve()
    base = settings.web.base_url if settings.web.public_url else studio_url(folder) or settings.web.base_url
    if not url:
        running_studio = run_info(folder)
        url, base = running_studio.database_url, running_studio.url
    database = Database(url, pool_size=1)
    try:
        with database.transaction(Anonymous()) as tx:
            return f"{base}/?reset={create_reset_link_on_server(tx, email, turn_off_two_factor=turn_off_two_factor)}"
    finally:
        database.close()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""`python -m backend.db.migrations`: prints {"DATABASE_URL", "WORKER_DATABASE_URL"} as one JSON line.

With `--beside`, while an older version runs: it changes nothing where that version would break. What it cannot do is a sentence
on standard error, {"refused": sentence} on standard output, and exit code 1.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from backend.db.migrations.apply import migrate
from backend.errors import StudioError
from backend.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m backend.db.migrations", description=__doc__)
    parser.add_argument("--beside", action="store_true", help="an older version runs: refuse what would break it")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.read()
        logins = migrate(
            settings.postgres.migration_url,
            app_password=settings.postgres.app_password.get_secret_value(),
            worker_password=settings.postgres.worker_password.get_secret_value(),
            beside=options.beside,
        )
    except StudioError as error:
        sys.stderr.write(error.message + "\n")
        sys.stdout.write(json.dumps({"refused": error.message}) + "\n")
        return 1
    sys.stdout.write(json.dumps({"DATABASE_URL": logins.app_url, "WORKER_DATABASE_URL": logins.worker_url}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

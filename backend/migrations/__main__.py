"""`python -m backend.migrations`: prints {"DATABASE_URL", "WORKER_DATABASE_URL"} as one JSON line."""

import json
import sys

from backend.migrations.apply import migrate
from backend.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    logins = migrate(
        settings.owner_url,
        app_password=settings.studio_app_password.get_secret_value(),
        worker_password=settings.studio_worker_password.get_secret_value(),
    )
    sys.stdout.write(json.dumps({"DATABASE_URL": logins.app_url, "WORKER_DATABASE_URL": logins.worker_url}) + "\n")

"""A studio on its own durable throw-away servers: commits really reach the disk, as in a real installation."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.migrations import migrate
from backend.settings import Settings
from ops.local_stack import start
from tests.bench.folders import bench_folder
from tests.factories.account import Tenant, make_workspace


@dataclass(frozen=True)
class Studio:
    """`environment`: what a worker process needs. `app` has the workers' login."""

    app: App
    tenant: Tenant
    environment: dict[str, str]
    owner_url: str
    folder: Path


@contextmanager
def studio(**env: str) -> Iterator[Studio]:
    with bench_folder() as folder:
        folder.chmod(0o755)
        with start(folder / "stack", env={"PATH": os.environ["PATH"]}) as stack:
            stack.wait_storage(60)
            logins = migrate(stack.urls["DATABASE_OWNER_URL"])
            urls = {"DATABASE_URL": logins.app_url, "WORKER_DATABASE_URL": logins.worker_url}
            keys = {"SECRET_KEYS": base64.b64encode(bytes(32)).decode()}
            environment = {**stack.urls, **urls, **keys, "STUDIO_DATA": f"{folder}/var", **env}
            app = bootstrap(Settings.model_validate(environment), role="worker")
            try:
                tenant = make_workspace(app.db)
                yield Studio(app, tenant, environment, stack.urls["DATABASE_OWNER_URL"], folder)
            finally:
                app.close()

"""A full backup against bare pg_basebackup and bare copies of the files, side by side: ours also compresses, encrypts,
verifies and reads again."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from backend.db.migrations import migrate
from backend.settings import Settings
from backend.storage import Storage
from ops import local_stack
from ops.backup import source
from ops.backup.runs import open_backups

ROUNDS = 3
OBJECTS, OBJECT_BYTES = 400, 400_000


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        base = Path(folder)
        base.chmod(0o755)
        values = {"STUDIO_DATA": str(base / "var"), "BACKUP_TARGET": str(base / "target")}
        (base / "target").mkdir()
        with local_stack.start(base / "var", env=values, durable=False) as servers:
            migrate(servers.urls["DATABASE_OWNER_URL"])
            servers.wait_storage()
            names = {name: value for name, value in servers.urls.items() if name.startswith("S3_")}
            settings = Settings.model_validate(values | names)
            storage = Storage(settings)
            for n in range(OBJECTS):
                storage.put_bytes(f"pictures/{n}", os.urandom(OBJECT_BYTES), "image/png")
            return _measure(base, settings)


def _measure(base: Path, settings: Settings) -> dict[str, Any]:
    ours, bare = [], []
    with source.embedded_source(settings.data_dir).connect() as connection:
        connection.execute(b"CREATE SCHEMA bench")
        connection.execute(
            b"CREATE TABLE bench.rows AS SELECT n, md5(n::text) || md5((n * 7)::text) AS words "
            b"FROM generate_series(1, 400000) n"
        )
    for _ in range(ROUNDS):
        backups = open_backups(settings, {"PATH": os.environ["PATH"]})
        backups.state.forget_target()
        began = time.perf_counter()
        backups.make("full")
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        _copy_bare(base / "bare", settings)
        bare.append(time.perf_counter() - began)
        shutil.rmtree(base / "bare")
    size = OBJECTS * OBJECT_BYTES / 1e6
    return {
        "ours_s": round(min(ours), 2),
        "bare_s": round(min(bare), 2),
        "ratio": round(min(bare) / min(ours), 2),
        "files_mb": round(size),
        "wanted": ">= 0.7",
    }


def _copy_bare(folder: Path, settings: Settings) -> None:
    folder.mkdir()
    database = source.embedded_source(settings.data_dir)
    database.run("pg_basebackup", "-D", folder / "database", "-c", "fast", "-X", "none")
    storage = Storage(settings)
    keys = list(storage.list(""))
    (folder / "objects").mkdir()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: storage.get_file(key, folder / "objects" / key.replace("/", "-")), keys))

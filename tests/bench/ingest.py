"""Pictures a second of the ingest job beside two bare processes that decode, hash, measure, shrink and put the same files."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from backend import assets, datasets
from backend.datasets import IngestPayload, pipeline
from backend.db.transactions import SystemCaller
from backend.kit.ids import new_id
from tests.bench.servers import Studio, studio
from tests.support.context import make_context

PICTURES, ROUNDS, SIZE = 96, 3, (1536, 1024)
MB = 1024 * 1024


def run() -> dict[str, Any]:
    """Ours also fetches each file from S3 (it was uploaded), sets the rows, and empties `incoming/`."""
    with studio(LOG_LEVEL="WARNING") as running_studio:
        ours, bare, memory = [], [], []
        for round_no in range(ROUNDS):
            folder = _photos(running_studio.folder / f"photos-{round_no}", seed=round_no * PICTURES)
            bare.append(PICTURES / bare_loop(running_studio, folder))
            with peak() as grown:
                ours.append(PICTURES / our_job(running_studio, folder))
            memory.append(grown[0])
    figures = {"ours": statistics.median(ours), "bare": statistics.median(bare)}
    return {
        "ratio": round(figures["ours"] / figures["bare"], 3),
        **{name: round(value, 2) for name, value in figures.items()},
        "unit": "pictures/s",
        "n": PICTURES * ROUNDS,
        "worker_grew_mb": [round(value / MB, 1) for value in memory],
    }


def our_job(running_studio: Studio, folder: Path) -> float:
    dataset_id = _uploaded(running_studio, folder)
    payload = IngestPayload(dataset_id=dataset_id)
    ctx = make_context(running_studio.app, running_studio.tenant, "dataset-ingest", payload, subject=("dataset", dataset_id))
    started_at = time.perf_counter()
    result = pipeline.run(ctx, payload)
    took = time.perf_counter() - started_at
    assert result == {"images": PICTURES, "refused": 0}, result
    return took


def bare_loop(running_studio: Studio, folder: Path) -> float:
    """Two processes, half of the files each."""
    settings = running_studio.app.settings
    where = [
        settings.storage.endpoint,
        settings.storage.access_key.get_secret_value(),
        settings.storage.secret_key.get_secret_value(),
        settings.storage.bucket,
    ]
    started_at = time.perf_counter()
    argv = [sys.executable, "-m", "tests.bench.ingest_bare", str(folder), new_id("bare"), *where]
    halves = [subprocess.Popen([*argv, str(half)], cwd=Path(__file__).parents[2]) for half in (0, 1)]
    assert [half.wait(600) for half in halves] == [0, 0]
    return time.perf_counter() - started_at


def _photos(folder: Path, *, seed: int) -> Path:
    """Large soft shapes under fine grain, as photographs have; about 0.5 MB each."""
    folder.mkdir()
    for n in range(PICTURES):
        random = np.random.default_rng(seed + n)
        soft = Image.fromarray(random.integers(0, 256, (12, 18, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
        grain = random.normal(0, 6, (SIZE[1], SIZE[0], 1))
        Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8)).save(folder / f"{n:04d}.jpg", quality=88)
    return folder


def _uploaded(running_studio: Studio, folder: Path) -> str:
    app, tenant = running_studio.app, running_studio.tenant

    def open_tx() -> Any:
        return app.db.transaction(SystemCaller(tenant.id, tenant.user_id))

    with open_tx() as tx:
        dataset_id = datasets.create(tx, name=new_id("set"), trigger_word="bella").id
    for path in sorted(folder.iterdir()):
        fields = {"noun": "dataset", "noun_id": dataset_id, "filename": path.name, "client_key": path.name}
        with open_tx() as tx:
            card = assets.uploads.announce(tx, settings=app.settings, size=path.stat().st_size, **fields)
        assets.uploads.receive(open_tx, app.storage, settings=app.settings, upload_id=card.id, chunks=[path.read_bytes()])
    return dataset_id


@contextmanager
def peak() -> Iterator[list[float]]:
    """[bytes by which this process's memory grew above where it began], looked at ten times a second."""
    me, grown, done = psutil.Process(), [0.0], threading.Event()
    before = me.memory_info().rss

    def watch() -> None:
        while not done.wait(0.1):
            grown[0] = max(grown[0], me.memory_info().rss - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield grown
    finally:
        done.set()
        watching.join()

"""Every kind has its pipeline, and a worker of this release comes up with them."""

from __future__ import annotations

import signal

from backend.job_types import KINDS
from tests.support.processes import Workers
from workers import main


def test_every_kind_has_its_pipeline() -> None:
    assert set(main.load_handlers()) == set(KINDS)


def test_a_worker_of_this_release_starts_and_stops(workers: Workers) -> None:
    process = workers.start("gpu,cpu,net", handlers="")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, workers.logs()

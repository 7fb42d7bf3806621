"""Measures once how fast this machine is, so that its first estimates do not rest on another machine's figures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PIL import Image
from sqlalchemy import select

from backend.db.tables import WorkTime
from backend.db.transactions import Anonymous
from backend.jobs import Work
from backend.jobs.timing import MeasuredDuration, record

if TYPE_CHECKING:
    from backend.app import App

BENCHMARK_COST_S = 0.37
"""Seconds that `measure` takes on the machine that all costs were measured on."""
_SIDE, _TIMES = 1024, 16


def measure(app: App, worker_id: str) -> None:
    """About half a second of image resizing, recorded as work time; nothing on an installation that has work times already.

    Raises Unavailable.
    """
    with app.db.transaction(Anonymous()) as tx:
        if tx.scalar(select(WorkTime.id).limit(1)) is not None:
            return
    started, picture = time.monotonic(), Image.radial_gradient("L").convert("RGB")
    for _ in range(_TIMES):
        picture.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS).resize((256, 256), Image.Resampling.LANCZOS)
    measured = MeasuredDuration(0.0, time.monotonic() - started)
    with app.db.transaction(Anonymous()) as tx:
        record(tx, Work("benchmark", "", BENCHMARK_COST_S), measured, device_id=None, worker_id=worker_id)

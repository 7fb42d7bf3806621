"""What a worker can run: the pipeline of every kind of job of this release, imported."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from backend.job_types import KINDS
from backend.jobs import JOB_TYPES, Handler


def load(modules: Sequence[str] = ()) -> dict[str, Handler]:
    """Kind -> handler: those of this release, or of `modules`, each of which has `HANDLERS` (tests)."""
    if not modules:
        return {kind: Handler(JOB_TYPES[kind].payload, JOB_TYPES[kind].pipeline()) for kind in KINDS}
    handlers: dict[str, Handler] = {}
    for name in modules:
        handlers |= importlib.import_module(name).HANDLERS
    unknown = set(handlers) - set(JOB_TYPES)
    assert not unknown, f"kinds that are not registered: {sorted(unknown)}"
    return handlers

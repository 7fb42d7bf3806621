"""The trial's pipelines with fake engines, for real workers: `--handlers tests.backend.comparisons.handlers`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from backend.comparisons import ComparisonPayload, pipeline
from backend.jobs import Handler
from tests.backend.comparisons.conftest import FakeReader
from tests.fakes.engines import FakeImageEngine


def run(ctx: Any, payload: ComparisonPayload) -> dict[str, Any] | None:
    engines = SimpleNamespace(image=FakeImageEngine(), identity=FakeReader())
    ctx.app = SimpleNamespace(db=ctx.app.db, storage=ctx.app.storage, settings=ctx.app.settings, engines=engines)
    return pipeline.run(ctx, payload)


HANDLERS = {"lora-trial": Handler(ComparisonPayload, run)}

"""Drawing through ComfyUI servers without a model that knows faces: `--handlers tests.support.comfy_handlers`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from backend.generation import GenerationPayload, pipeline
from backend.jobs import Handler
from tests.fakes.identity import FakeIdentity


def run(ctx: Any, payload: GenerationPayload) -> dict[str, Any] | None:
    app = ctx.app
    engines = SimpleNamespace(image=app.engines.image, identity=FakeIdentity())
    ctx.app = SimpleNamespace(db=app.db, storage=app.storage, settings=app.settings, engines=engines)
    return pipeline.run(ctx, payload)


HANDLERS = {"image-generation": Handler(GenerationPayload, run)}

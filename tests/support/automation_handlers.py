"""This release's handlers with engines that take milliseconds: `--handlers tests.support.automation_handlers`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.jobs import Handler
from tests.support.inline_worker import use_fake_engines
from workers import main


def _with_fake_engines(handler: Handler) -> Handler:
    run: Callable[[Any, Any], Any] = handler.run

    def run_with_fakes(ctx: Any, payload: Any) -> Any:
        if "engines" not in vars(ctx.app):
            use_fake_engines(ctx.app)
        return run(ctx, payload)

    return Handler(handler.payload, run_with_fakes)


HANDLERS = {kind: _with_fake_engines(handler) for kind, handler in main.load_handlers().items()}

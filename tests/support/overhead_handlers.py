"""A kind that does nothing, and automations: `--handlers tests.support.overhead_handlers`."""

from __future__ import annotations

from tests.support import handlers
from workers import main

HANDLERS = {**handlers.HANDLERS, "automation": main.load_handlers()["automation"]}

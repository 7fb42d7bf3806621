"""This release's handlers, but `autopost` kills its worker where a file says so: `--handlers tests.support.crash_handlers`.

`$DEATHS/<post id>` has the name of a moment: one of those the pipeline tells `ctx.reach`, or `checked`, the last line before
`submitting` is committed. The file goes with the worker, so the next one lives.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

from backend.jobs import Handler
from backend.publishing import attempts
from backend.publishing.schemas import KIND, AutopostPayload
from workers import main

_SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}
_submitting = attempts.mark_submitting


def run(ctx: Any, payload: AutopostPayload) -> Any:
    fault_point = ctx.fault_point

    def reach(name: str) -> None:
        fault_point(name)
        death_file = Path(os.environ["DEATHS"]) / payload.post_id
        moment, _, how = death_file.read_text().partition(":") if death_file.exists() else ("", "", "")
        if moment == name:
            death_file.unlink()
            signal.pthread_kill(threading.get_ident(), _SIGNALS[how or "kill"])  # no step further, as workers/context.py

    ctx.fault_point = reach
    return HANDLERS_OF_RELEASE[KIND].run(ctx, payload)


def _about_to_submit(ctx: Any, attempt: Any) -> str:
    ctx.fault_point("checked")
    return _submitting(ctx, attempt)


attempts.mark_submitting = _about_to_submit
HANDLERS_OF_RELEASE = main.load_handlers()
HANDLERS = {**HANDLERS_OF_RELEASE, KIND: Handler(AutopostPayload, run)}

"""The handlers of tests.support.handlers in a worker that dies as it finishes a job and claims the next ones in one round trip:
`$CLAIM_DEATH` is `before` or `after` that transaction.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from tests.support.handlers import HANDLERS
from workers import runner

__all__ = ["HANDLERS"]
_finish_and_claim = runner.finish_and_claim


def _die_with_ends(db: Any, ends: Any, n: int, **claiming: Any) -> Any:
    if ends and os.environ["CLAIM_DEATH"] == "before":
        signal.pthread_kill(threading.get_ident(), signal.SIGKILL)
    done = _finish_and_claim(db, ends, n, **claiming)
    if ends:
        signal.pthread_kill(threading.get_ident(), signal.SIGKILL)
    return done


runner.finish_and_claim = _die_with_ends

"""Fault injection for tests: stops this process at a named step, the way machines stop processes."""

from __future__ import annotations

import signal
import threading

SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}


def inject(fault: str, kind: str, step: str) -> None:
    """Stops the process if `fault` names this job kind and step; does nothing when it is empty.

    `fault` is `<kind>:<step>:kill|freeze`. Step `x+` is the moment after x's work and before its result is written.
    """
    if fault:
        fault_kind, fault_step, how = fault.split(":")
        if (fault_kind, fault_step) == (kind, step):
            # Sent to this thread: a signal to the process may stop another thread first, and this one would go on for a moment.
            signal.pthread_kill(threading.get_ident(), SIGNALS[how])

"""Logging: one JSON object a line, with the request, job, attempt, workspace and person it belongs to.

The names are those of the deployment document: timestamp, level, service, tenantId, userId, action, duration (ms), message.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog

_about: ContextVar[dict[str, str] | None] = ContextVar("about", default=None)
"""What the current request or job is about. A dictionary, so that threads that work for a request can add to it."""


def configure(level: str = "INFO", *, service: str = "studio") -> None:
    """Sends our own log lines and those of libraries to standard error in the same form. Idempotent. `service`: studio,
    worker."""

    def add_service(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {"service": service, **(_about.get() or {}), **event}

    shared: list[structlog.typing.Processor] = [
        add_service,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    root = logging.getLogger()
    if not any(getattr(handler, "studio", False) for handler in root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.studio = True  # type: ignore[attr-defined]
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=shared,
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.EventRenamer("message"),
                    structlog.processors.JSONRenderer(),
                ],
            )
        )
        root.addHandler(handler)
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "urllib3", "watchdog", "PIL", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def log_context(**names: str) -> Iterator[None]:
    """Adds these names (`request`, `job`, `attempt`, `tenantId`) to every line logged inside the `with` block."""
    token = _about.set({**(_about.get() or {}), **names})
    try:
        yield
    finally:
        _about.reset(token)


def add_to_context(**names: str | None) -> None:
    """Adds names to the lines of the surrounding `log_context` from now on, also from a thread that works for it. Without one
    it does nothing: lines of others must not carry them."""
    if (about := _about.get()) is not None:
        about.update({name: value for name, value in names.items() if value})

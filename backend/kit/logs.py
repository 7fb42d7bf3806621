"""Logging: one JSON object a line, with the request, job, attempt and tenant it belongs to."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


def configure(level: str = "INFO") -> None:
    """Sends our own log lines and those of libraries to standard error in the same form. Idempotent."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
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
    """Adds these names (`request`, `job`, `attempt`, `tenant`) to every line logged inside the `with` block."""
    with structlog.contextvars.bound_contextvars(**names):
        yield

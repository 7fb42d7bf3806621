"""The jobs of the gallery: a ZIP of many pictures, and pictures from other programs."""

from __future__ import annotations

from typing import Any

from backend.boards import arrivals, zipping
from backend.boards.schemas import ArchivePayload, ImportPayload
from backend.jobs.context import JobContext


def run_archive(ctx: JobContext, payload: ArchivePayload) -> dict[str, Any]:
    """Result: as `zipping.make`."""
    return ctx.step("pack", lambda: zipping.make(ctx, payload)) or {}


def run_import(ctx: JobContext, payload: ImportPayload) -> dict[str, Any]:
    """Result: as `arrivals.take_all`."""
    return arrivals.take_all(ctx, payload)

"""The jobs of the gallery: a ZIP of many pictures, and pictures from other programs."""

from __future__ import annotations

from typing import Any

from backend.boards import export, imports
from backend.boards.schemas import ArchivePayload, ImportPayload
from backend.jobs.context import JobContext


def run_archive(ctx: JobContext, payload: ArchivePayload) -> dict[str, Any]:
    """Result: as `export.make_archive`."""
    return ctx.step("pack", lambda: export.make_archive(ctx, payload)) or {}


def run_import(ctx: JobContext, payload: ImportPayload) -> dict[str, Any]:
    """Result: as `imports.run_import`."""
    return imports.run_import(ctx, payload)

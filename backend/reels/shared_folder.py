"""Copies of finished runs for programs that read files: DATA_SHARED_BASE/<workspace>/<run_id>/. The storage has all.

A `run_id` is text of others: it names a folder only when it is harmless as a name, else a name is made of it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend import assets
from backend.assets import AssetCard
from backend.jobs.context import JobContext
from backend.media.images import pictures
from backend.settings import Settings

_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}(?<!\.)")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?|.*\.part", re.IGNORECASE)
VIDEO, VOICEOVER, MANIFEST = "stitched_subtitled.mp4", "voiceover.mp3", "manifest.json"


def folder_name(run_id: str) -> str:
    """The run's folder: its own name, or what is harmless of it and a part of its hash, so that no two runs share one."""
    if _HARMLESS.fullmatch(run_id) and not _RESERVED.fullmatch(run_id):
        return run_id
    digest = hashlib.sha256(run_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{assets.safe_name(run_id)[:40].strip('._-') or 'run'}-{digest}"


def run_folder(settings: Settings, tenant_id: str, run_id: str) -> Path | None:
    """Where copies of a run lie; None: DATA_SHARED_BASE is not set."""
    base = settings.webhooks.shared_base.strip()
    return Path(base).expanduser() / assets.safe_name(tenant_id) / folder_name(run_id) if base else None


def write_run(
    ctx: JobContext,
    folder: Path,
    *,
    film: AssetCard,
    files: dict[str, AssetCard],
    clips: Sequence[AssetCard],
    stills: Sequence[AssetCard],
) -> dict[str, Any]:
    """Copies a finished run; the folder appears when it is whole. `files`: by name. Returns {"folder"}."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    copies = {VIDEO: film, **{name: files[name] for name in (VOICEOVER, MANIFEST) if name in files}}
    copies |= {f"vid_{n:03}.mp4": clip for n, clip in enumerate(clips, 1)}
    for name, card in copies.items():
        assets.fetch_file(ctx, card.key, part / name)
    for n, card in enumerate(stills, 1):
        _copy_still(ctx, card, part, f"img_{n:03}.png")
    if folder.is_dir():
        shutil.rmtree(folder)
    part.replace(folder)
    return {"folder": str(folder)}


def sweep(settings: Settings) -> int:
    """Removes copies that are older than RETAIN_SHARED_RUNS_DAYS. Returns how many."""
    base = settings.webhooks.shared_base.strip()
    if not base or not (root := Path(base).expanduser()).is_dir():
        return 0
    oldest, removed = time.time() - settings.webhooks.shared_days * 86_400, 0
    for folder in [path for workspace in root.iterdir() if workspace.is_dir() for path in workspace.iterdir()]:
        if folder.is_dir() and not folder.is_symlink() and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _copy_still(ctx: JobContext, card: AssetCard, folder: Path, name: str) -> None:
    """As PNG, whatever it was; the first frame of a video is no still and is left out."""
    if card.kind == "video":
        return
    source = ctx.workdir / f"still-{card.id}{Path(card.key).suffix}"
    assets.fetch_file(ctx, card.key, source)
    if card.content_type == "image/png":
        source.replace(folder / name)
    else:
        pictures.open_rgb(source).save(folder / name, format="PNG")

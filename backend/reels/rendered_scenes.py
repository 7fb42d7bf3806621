"""What the last render made of each scene: its length and its voice, as its manifest says."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend import assets
from backend.reels.schemas import ReelCard, RenderedScene
from backend.reels.shared_folder import MANIFEST

if TYPE_CHECKING:
    from backend.app import App

Transact = Callable[[], AbstractContextManager[Session]]


def rendered_scenes(app: App, transact: Transact, card: ReelCard) -> dict[str, RenderedScene]:
    """Scene id -> what the latest finished video shows of it; {} before the first one, and for one whose manifest is gone."""
    manifest_id: str = card.files.get(MANIFEST, "")
    if not manifest_id:
        return {}
    with transact() as tx:
        files = assets.get_many(tx, [manifest_id])
    if not files:
        return {}
    manifest = json.loads(app.storage.read(files[manifest_id].key))
    return {
        scene["id"]: RenderedScene(scene["words"], scene["frames"] / manifest["fps"], tuple(scene["waveform"]))
        for scene in manifest["scenes"]
        if "waveform" in scene  # manifests that were written before there were waveforms
    }

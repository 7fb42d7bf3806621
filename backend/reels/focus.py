"""What the crop of a scene's picture keeps: what somebody set, else its face, else its middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from backend import assets
from backend.assets import AssetCard
from backend.errors import ProcessKilled
from backend.jobs.context import JobContext, run_steps
from backend.media.images import faces
from backend.reels.schemas import SceneCard

FACE_META = "face"
"""In an asset's `meta`: [x, y] of the face, [] for none."""


def with_focus(ctx: JobContext, scenes: Sequence[SceneCard], files: Mapping[int, tuple[AssetCard, Path]]) -> list[SceneCard]:
    """The scenes, those of pictures with the focus that they get by themselves. `files`: number of a scene -> its file, and
    where it lies. A picture is looked at once; without a detector, and when it fails, the middle is kept."""
    automatic = {n: file for n, file in files.items() if scenes[n].focus is None and file[0].kind != "video"}
    face_by_id = {card.id: card.meta[FACE_META] for card, _ in automatic.values() if FACE_META in card.meta}
    unseen = {card.id: path for card, path in automatic.values() if card.id not in face_by_id}
    if unseen and ctx.app.settings.engines.identity.face_focus and faces.can_find():
        face_by_id |= _look(ctx, unseen)
    points = {n: face_by_id.get(card.id) for n, (card, _) in automatic.items()}
    return [replace(scene, focus=point) if (point := points.get(n)) else scene for n, scene in enumerate(scenes)]


def _look(ctx: JobContext, paths: Mapping[str, Path]) -> dict[str, list[float]]:
    """Asset id -> [x, y] or []; kept with the assets."""
    try:
        points = run_steps(ctx, faces.find(list(paths.values())))
    except ProcessKilled:
        points = None
    if points is None:
        ctx.log("The program that looks for faces ended. Crops keep the middle of the pictures this time.", level="warning")
        return {}
    face_by_id = {asset_id: list(point or ()) for asset_id, point in zip(paths, points, strict=True)}
    with ctx.transaction() as tx:
        for asset_id, point in face_by_id.items():
            assets.add_meta(tx, asset_id, {FACE_META: point})
    return face_by_id

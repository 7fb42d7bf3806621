"""What the crop of a scene's picture keeps: what somebody set, else its face, else its middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from backend import assets
from backend.assets import FACE_META, AssetCard
from backend.jobs.context import JobContext
from backend.reels.schemas import SceneCard


def with_focus(ctx: JobContext, scenes: Sequence[SceneCard], files: Mapping[int, tuple[AssetCard, Path]]) -> list[SceneCard]:
    """The scenes, those of pictures with the focus that they get by themselves. `files`: number of a scene -> its file, and
    where it lies. A picture is looked at once; without a detector, and when it fails, the middle is kept."""
    automatic = {n: file for n, file in files.items() if scenes[n].focus is None and file[0].kind != "video"}
    looked = assets.find_faces(ctx, {card.id: path for card, path in automatic.values() if FACE_META not in card.meta})
    points = {n: looked.get(card.id) or assets.face_of(card) for n, (card, _) in automatic.items()}
    return [replace(scene, focus=list(point)) if (point := points.get(n)) else scene for n, scene in enumerate(scenes)]

"""What goes into the renditions' door."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from backend.renditions.recipe import Recipe

KIND = "media-preparation"
NOUN = "rendition"
"""What holds on to a prepared file in `asset_uses`."""
Wanted = Sequence[tuple[str, Recipe]]
"""(asset id, recipe), in order."""


class MediaPayload(BaseModel):
    """Of a job that prepares files: rows of `renditions`."""

    rendition_ids: list[str]

"""Values that go into `backend.renditions`."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from backend.renditions.recipe import RenditionRecipe

KIND = "media-preparation"
OWNER_TYPE = "rendition"
"""Owner type of prepared files in `asset_uses`."""
RenditionRequests = Sequence[tuple[str, RenditionRecipe]]
"""(asset id, recipe), in order."""


class MediaPayload(BaseModel):
    """Payload of a job that prepares files. `rendition_ids`: rows of `renditions`."""

    rendition_ids: list[str]

"""Pictures in, short films out: camera moves over a still, or motion models that draw."""

from backend.videos.queries import again, get, lengths, of_job, page
from backend.videos.recipe import ClipRecipe
from backend.videos.requests import Plan, animate, of_order, order, plan
from backend.videos.rules import shape_of
from backend.videos.schemas import (
    FORMATS,
    MOST_AT_ONCE,
    SIDES,
    ClipCard,
    ClipDraft,
    ClipFilters,
    ClipPage,
    ClipPayload,
    VideoOrder,
)
from backend.videos.service import delete, favour, rate, undelete

__all__ = [
    "FORMATS", "MOST_AT_ONCE", "SIDES", "ClipCard", "ClipDraft", "ClipFilters", "ClipPage", "ClipPayload", "ClipRecipe", "Plan",
    "VideoOrder", "again", "animate", "delete", "favour", "get", "lengths", "of_job", "of_order", "order", "page",
    "plan", "rate", "shape_of", "undelete",
]  # fmt: skip

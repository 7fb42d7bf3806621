"""Pictures in, short films out: camera moves over a still, or motion models that draw."""

from backend.video.asking import Plan, animate, of_order, order, plan
from backend.video.forecast import estimate
from backend.video.queries import again, get, lengths, of_job, page
from backend.video.recipe import ClipRecipe
from backend.video.rules import shape_of
from backend.video.schemas import (
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
from backend.video.service import delete, favour, rate, undelete

__all__ = [
    "FORMATS", "MOST_AT_ONCE", "SIDES", "ClipCard", "ClipDraft", "ClipFilters", "ClipPage", "ClipPayload", "ClipRecipe", "Plan",
    "VideoOrder", "again", "animate", "delete", "estimate", "favour", "get", "lengths", "of_job", "of_order", "order", "page",
    "plan", "rate", "shape_of", "undelete",
]  # fmt: skip

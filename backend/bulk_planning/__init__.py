"""Bulk planning (“auto-plan”): one job writes and illustrates posts for days or weeks and puts them on free times."""

from backend.bulk_planning.forecast import forecast
from backend.bulk_planning.schemas import (
    DEFAULT_REDRAWS,
    MAX_DAYS,
    MAX_PICTURES,
    MAX_POSTS,
    MAX_POSTS_PER_DAY,
    MAX_REDRAWS,
    Forecast,
    FreeTime,
    PictureFormat,
    SeriesCard,
    SeriesOrder,
)
from backend.bulk_planning.service import (
    PICTURE_KIND,
    REEL_KIND,
    SERIES_KIND,
    USUAL_CLOCK,
    discard_drafts,
    get_series,
    latest_series,
    next_open_week,
    start_series,
)

__all__ = [
    "DEFAULT_REDRAWS",
    "MAX_DAYS",
    "MAX_PICTURES",
    "MAX_POSTS",
    "MAX_POSTS_PER_DAY",
    "MAX_REDRAWS",
    "PICTURE_KIND",
    "REEL_KIND",
    "SERIES_KIND",
    "USUAL_CLOCK",
    "Forecast",
    "FreeTime",
    "PictureFormat",
    "SeriesCard",
    "SeriesOrder",
    "discard_drafts",
    "forecast",
    "get_series",
    "latest_series",
    "next_open_week",
    "start_series",
]

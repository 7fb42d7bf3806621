"""Planning in bulk: days or weeks of posts written, illustrated and put on free places of the calendar by one job."""

from backend.bulk_planning.forecast import forecast
from backend.bulk_planning.schemas import (
    MOST_A_DAY,
    MOST_DAYS,
    MOST_PICTURES,
    MOST_POSTS,
    MOST_REDRAW,
    REDRAW,
    Forecast,
    Form,
    Moment,
    SeriesCard,
    SeriesOrder,
)
from backend.bulk_planning.service import KIND, PICTURES, discard, latest, series, start

__all__ = [
    "KIND", "MOST_A_DAY", "MOST_DAYS", "MOST_PICTURES", "MOST_POSTS", "MOST_REDRAW", "PICTURES", "REDRAW", "Forecast",
    "Form", "Moment", "SeriesCard", "SeriesOrder", "discard", "forecast", "latest", "series", "start",
]  # fmt: skip

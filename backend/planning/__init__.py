"""Planning in bulk: days or weeks of posts written, illustrated and put on free places of the calendar by one job."""

from backend.planning.forecast import forecast
from backend.planning.schemas import (
    MOST_A_DAY,
    MOST_DAYS,
    MOST_PICTURES,
    MOST_POSTS,
    Forecast,
    Form,
    Moment,
    SeriesCard,
    SeriesOrder,
)
from backend.planning.service import KIND, PICTURES, discard, latest, series, start

__all__ = [
    "KIND", "MOST_A_DAY", "MOST_DAYS", "MOST_PICTURES", "MOST_POSTS", "PICTURES", "Forecast", "Form", "Moment", "SeriesCard",
    "SeriesOrder", "discard", "forecast", "latest", "series", "start",
]  # fmt: skip

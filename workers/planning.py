"""What a worker runs for planning in bulk."""

from backend.jobs import Handler
from backend.planning import pipeline
from backend.planning.schemas import PicturePayload, SeriesPayload

KINDS = {
    "content-plan": Handler(SeriesPayload, pipeline.run_series),
    "content-plan-picture": Handler(PicturePayload, pipeline.run_picture),
}

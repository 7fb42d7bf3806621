"""What a worker runs for writing."""

from backend.jobs import Handler
from backend.writing import pipeline
from backend.writing.schemas import IdeasPayload, WriteOrder

KINDS = {
    "content-generation": Handler(WriteOrder, pipeline.run_content),
    "content-ideas": Handler(IdeasPayload, pipeline.run_ideas),
}

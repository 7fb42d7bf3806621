"""What a worker runs for writing styles."""

from backend.jobs import Handler
from backend.styles import pipeline
from backend.styles.schemas import TrainingPayload, WritingPayload

KINDS = {
    "style-training": Handler(TrainingPayload, pipeline.train),
    "style-generation": Handler(WritingPayload, pipeline.write),
}

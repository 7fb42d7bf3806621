"""What a worker runs for training."""

from backend.jobs import Handler
from backend.training import pipeline
from backend.training.schemas import TrainingPayload

KINDS = {"lora-training": Handler(TrainingPayload, pipeline.run)}

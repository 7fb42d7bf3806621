"""What a worker runs for files as they go out."""

from backend.jobs import Handler
from backend.renditions import KIND, MediaPayload, pipeline

KINDS = {KIND: Handler(MediaPayload, pipeline.run)}

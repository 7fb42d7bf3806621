"""What a worker runs for posts."""

from backend.jobs import Handler
from backend.publishing import pipeline
from backend.publishing.schemas import KIND, AutopostPayload

KINDS = {KIND: Handler(AutopostPayload, pipeline.run)}

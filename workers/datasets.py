"""What a worker runs for datasets."""

from backend.datasets import pipeline
from backend.datasets.schemas import IngestPayload, ScanPayload
from backend.jobs import Handler

KINDS = {"dataset-ingest": Handler(IngestPayload, pipeline.run), "dataset-scan": Handler(ScanPayload, pipeline.scan)}

"""What a worker runs for datasets."""

from backend.datasets import CaptionPayload, pipeline
from backend.datasets.schemas import IngestPayload, ScanPayload
from backend.jobs import Handler

KINDS = {
    "dataset-ingest": Handler(IngestPayload, pipeline.run),
    "dataset-scan": Handler(ScanPayload, pipeline.scan),
    "auto-caption": Handler(CaptionPayload, pipeline.caption),
    "auto-caption-local": Handler(CaptionPayload, pipeline.caption),
}

"""What a worker runs for videos."""

from backend.jobs import Handler
from backend.video import pipeline
from backend.video.schemas import ClipPayload

KINDS = {
    "video-generation": Handler(ClipPayload, pipeline.run),
    "video-generation-gpu": Handler(ClipPayload, pipeline.run),
}

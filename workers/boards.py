"""What a worker runs for the gallery."""

from backend.boards import pipeline
from backend.boards.schemas import ArchivePayload, ImportPayload
from backend.jobs import Handler

KINDS = {
    "picture-archive": Handler(ArchivePayload, pipeline.run_archive),
    "picture-import": Handler(ImportPayload, pipeline.run_import),
}

"""Which pipeline runs which kind of job in this release."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from backend import renditions
from backend.boards import pipeline as boards
from backend.boards.schemas import ArchivePayload, ImportPayload
from backend.bulk_planning import pipeline as bulk_planning
from backend.bulk_planning.schemas import PicturePayload, SeriesPayload
from backend.comparisons import pipeline as comparisons
from backend.comparisons.schemas import ComparisonPayload
from backend.datasets import CaptionPayload
from backend.datasets import pipeline as datasets
from backend.datasets.schemas import IngestPayload, ScanPayload
from backend.generation import pipeline as generation
from backend.generation.schemas import GenerationPayload
from backend.identity import pipeline as identity
from backend.identity.schemas import CalibrationPayload, ScoringPayload
from backend.jobs import KINDS, Handler
from backend.publishing import pipeline as publishing
from backend.publishing import schemas as publishing_schemas
from backend.renditions import pipeline as rendition_pipeline
from backend.training import pipeline as training
from backend.training.schemas import TrainingPayload
from backend.videos import pipeline as videos
from backend.videos.schemas import VideoPayload
from backend.writing import pipeline as writing
from backend.writing.schemas import IdeasPayload, WriteOrder
from backend.writing_styles import pipeline as writing_styles
from backend.writing_styles import schemas as style_schemas
from workers import maintenance

RELEASE: dict[str, Handler] = {
    "dataset-ingest": Handler(IngestPayload, datasets.run),
    "dataset-scan": Handler(ScanPayload, datasets.scan),
    "auto-caption": Handler(CaptionPayload, datasets.caption),
    "auto-caption-local": Handler(CaptionPayload, datasets.caption),
    "lora-training": Handler(TrainingPayload, training.run),
    "image-generation": Handler(GenerationPayload, generation.run),
    "image-upscale": Handler(GenerationPayload, generation.upscale),
    "image-upscale-gpu": Handler(GenerationPayload, generation.upscale),
    "image-sheet": Handler(GenerationPayload, generation.sheet),
    "identity-calibration": Handler(CalibrationPayload, identity.calibrate),
    "identity-scoring": Handler(ScoringPayload, identity.score_missing),
    "lora-trial": Handler(ComparisonPayload, comparisons.run),
    "trial-scores": Handler(ComparisonPayload, comparisons.run_scores),
    "trial-grid": Handler(ComparisonPayload, comparisons.run_grid),
    "picture-archive": Handler(ArchivePayload, boards.run_archive),
    "picture-import": Handler(ImportPayload, boards.run_import),
    "content-generation": Handler(WriteOrder, writing.run_content),
    "content-ideas": Handler(IdeasPayload, writing.run_ideas),
    "content-plan": Handler(SeriesPayload, bulk_planning.run_series),
    "content-plan-picture": Handler(PicturePayload, bulk_planning.run_picture),
    "style-training": Handler(style_schemas.StyleTrainingPayload, writing_styles.train),
    "style-generation": Handler(style_schemas.StyleWritingPayload, writing_styles.write),
    "video-generation": Handler(VideoPayload, videos.run),
    "video-generation-gpu": Handler(VideoPayload, videos.run),
    publishing_schemas.KIND: Handler(publishing_schemas.AutopostPayload, publishing.run),
    renditions.KIND: Handler(renditions.MediaPayload, rendition_pipeline.run),
    **maintenance.KINDS,
}


def load(modules: Sequence[str] = ()) -> dict[str, Handler]:
    """Kind -> handler: those of this release, or of `modules`, each of which has `KINDS` (tests)."""
    handlers = dict(RELEASE) if not modules else {}
    for name in modules:
        handlers |= importlib.import_module(name).KINDS
    unknown = set(handlers) - set(KINDS)
    assert not unknown, f"kinds without a spec: {sorted(unknown)}"
    return handlers

"""Training pictures: brought in, looked at, captioned, declared, and ready or not."""

from backend.datasets.captions import prefix_captions, replace_in_captions, set_captions
from backend.datasets.export import export_zip
from backend.datasets.queries import get, images, page, readiness, refused, training_set
from backend.datasets.rules import GOOD_IMAGES, MIN_IMAGES, NEAR_BITS, status
from backend.datasets.schemas import (
    Changed,
    DatasetCard,
    DatasetPage,
    Finding,
    ImageCard,
    ImageFilter,
    ImagePage,
    IngestPayload,
    Readiness,
    RefusedCard,
    Stats,
    TrainItem,
)
from backend.datasets.service import (
    add_sample_character,
    create,
    declare_rights,
    delete,
    dismiss_refused,
    ingest,
    remove_images,
    rename,
    set_included,
    set_influencer,
    set_trigger_word,
)

__all__ = [
    "GOOD_IMAGES", "MIN_IMAGES", "NEAR_BITS", "Changed", "DatasetCard", "DatasetPage", "Finding", "ImageCard",
    "ImageFilter", "ImagePage", "IngestPayload", "Readiness", "RefusedCard", "Stats", "TrainItem", "add_sample_character",
    "create", "declare_rights", "delete", "dismiss_refused", "export_zip", "get", "images", "ingest", "page",
    "prefix_captions", "readiness", "refused", "remove_images", "rename", "replace_in_captions", "set_captions",
    "set_included", "set_influencer", "set_trigger_word", "status", "training_set",
]  # fmt: skip

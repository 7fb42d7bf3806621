"""Training pictures: brought in, looked at, captioned, declared, and ready or not."""

from backend.datasets.buckets import bucket_preview
from backend.datasets.caption_cards import (
    CaptionOrder,
    CaptionPayload,
    CaptionPlan,
    CaptionResultCard,
    CaptionRunCard,
)
from backend.datasets.caption_runs import caption_results, caption_run, last_caption_run, preview_results
from backend.datasets.captioning import foretell_captioning, start_captioning
from backend.datasets.captions import (
    caption_history,
    caption_leaks,
    caption_tags,
    edit_captions,
    preview_captions,
    restore_caption,
    set_captions,
)
from backend.datasets.crops import set_crop
from backend.datasets.edit_cards import (
    AlikeGroup,
    ArrivalNote,
    Bucket,
    BucketPreview,
    CaptionChange,
    CaptionVersion,
    EditCard,
    FixPreview,
    Leak,
    RefusedCard,
    RightsEntry,
    Suggestion,
    TagCount,
    TrainItem,
    Undone,
)
from backend.datasets.edits import edits, undo_edit
from backend.datasets.export import export_zip
from backend.datasets.fixes import alike_groups, apply_fix, keep_one, preview_fix, suggestions
from backend.datasets.masks import clear_mask, clear_masks, take_mask
from backend.datasets.queries import chosen, count_problems, get, images, matching, page, readiness, refused, training_set
from backend.datasets.removal import forget_removed, remove_images
from backend.datasets.rights import STATEMENTS, declare_rights, declare_sample, rights_history, withdraw_rights
from backend.datasets.rules import GOOD_IMAGES, MIN_IMAGES, status
from backend.datasets.schemas import (
    Box,
    CaptionEdit,
    DatasetCard,
    DatasetPage,
    Finding,
    ImageCard,
    ImageFilter,
    ImagePage,
    IngestPayload,
    Readiness,
    Reason,
    RightsKind,
    ScanPayload,
    Stats,
    Thresholds,
)
from backend.datasets.service import (
    add_sample_character,
    create,
    delete,
    dismiss_refused,
    ingest,
    rename,
    scan,
    set_included,
    set_influencer,
    set_trigger_word,
    tune,
)
from backend.datasets.source_notes import arrival_notes, clear_arrival_notes

__all__ = [
    "GOOD_IMAGES", "MIN_IMAGES", "STATEMENTS", "AlikeGroup", "ArrivalNote", "Box", "Bucket", "BucketPreview", "CaptionChange",
    "CaptionEdit", "CaptionOrder", "CaptionPayload", "CaptionPlan", "CaptionResultCard", "CaptionRunCard", "CaptionVersion",
    "DatasetCard", "DatasetPage", "EditCard", "Finding", "FixPreview", "ImageCard", "ImageFilter", "ImagePage",
    "IngestPayload", "Leak", "Readiness", "Reason", "RefusedCard", "RightsEntry", "RightsKind", "ScanPayload", "Stats",
    "Suggestion", "TagCount", "Thresholds", "TrainItem", "Undone", "add_sample_character", "alike_groups", "apply_fix",
    "arrival_notes", "bucket_preview", "caption_history", "caption_leaks", "caption_results", "caption_run", "caption_tags",
    "chosen", "clear_arrival_notes", "clear_mask", "clear_masks", "count_problems", "create", "declare_rights",
    "declare_sample", "delete", "dismiss_refused", "edit_captions", "edits", "export_zip", "foretell_captioning",
    "forget_removed", "get", "images",
    "ingest", "keep_one", "last_caption_run", "matching", "page", "preview_captions", "preview_fix", "preview_results",
    "readiness", "refused", "remove_images", "rename", "restore_caption", "rights_history", "scan", "set_captions",
    "set_crop", "set_included", "set_influencer", "set_trigger_word", "start_captioning", "status", "suggestions",
    "take_mask", "training_set", "tune", "undo_edit", "withdraw_rights",
]  # fmt: skip

"""Videos made from pictures: camera moves over a still, or motion models that draw. Tables and jobs call a video a clip."""

from backend.media.fonts import missing_glyphs
from backend.videos import undo_parts
from backend.videos.finish_requests import FINISH_PRESETS, finish, srt_of, start_finish_order
from backend.videos.finish_schemas import FinishDraft, VideoFinishOrder
from backend.videos.queries import by_asset, draft_from, durations, get, get_by_job, page
from backend.videos.requests import VideoPreview, animate, draft_of_order, preview, start_order
from backend.videos.rules import focus_of, is_cut, shape_of
from backend.videos.schemas import (
    FORMATS,
    MAX_PICTURES,
    SIDES,
    VideoCard,
    VideoDraft,
    VideoFilters,
    VideoOrder,
    VideoPage,
    VideoPayload,
    VideoRecipe,
)
from backend.videos.service import delete, erase, rate, set_favourite, undelete
from backend.videos.upload_schemas import INBOX, UPLOAD_NOUN, UPLOADED, NewVideo
from backend.videos.uploaded import add

undo_parts.register_parts()

__all__ = [
    "FINISH_PRESETS",
    "FORMATS",
    "INBOX",
    "MAX_PICTURES",
    "SIDES",
    "UPLOADED",
    "UPLOAD_NOUN",
    "FinishDraft",
    "NewVideo",
    "VideoCard",
    "VideoDraft",
    "VideoFilters",
    "VideoFinishOrder",
    "VideoOrder",
    "VideoPage",
    "VideoPayload",
    "VideoPreview",
    "VideoRecipe",
    "add",
    "animate",
    "by_asset",
    "delete",
    "draft_from",
    "draft_of_order",
    "durations",
    "erase",
    "finish",
    "focus_of",
    "get",
    "get_by_job",
    "is_cut",
    "missing_glyphs",
    "page",
    "preview",
    "rate",
    "set_favourite",
    "shape_of",
    "srt_of",
    "start_finish_order",
    "start_order",
    "undelete",
]

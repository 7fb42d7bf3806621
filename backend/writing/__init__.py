"""Words in an influencer's voice: texts for posts, ideas for days, talks."""

from backend.writing import talk
from backend.writing.checks import check
from backend.writing.content_types import CONTENT_TYPES, ContentType
from backend.writing.queries import batch, get, latest_batch, page
from backend.writing.schemas import (
    CAPTION_CHARACTERS,
    MAX_DAYS,
    MAX_STYLE,
    MAX_TOPIC,
    MAX_VARIANTS,
    PARTS,
    DraftCard,
    DraftPage,
    IdeasOrder,
    Note,
    Part,
    Parts,
    Said,
    Suggestion,
    WriteOrder,
)
from backend.writing.service import choose, create, edit, mark, restore, take_back
from backend.writing.starting import CONTENT, IDEAS, ongoing, start_content, start_ideas
from backend.writing.suggesting import suggest
from backend.writing.writer import estimate, estimate_ideas, rewrite, write, write_out

__all__ = [
    "CAPTION_CHARACTERS", "CONTENT", "CONTENT_TYPES", "IDEAS", "MAX_DAYS", "MAX_STYLE", "MAX_TOPIC", "MAX_VARIANTS", "PARTS",
    "ContentType", "DraftCard", "DraftPage", "IdeasOrder", "Note", "Part", "Parts", "Said", "Suggestion", "WriteOrder",
    "batch", "check", "choose", "create", "edit", "estimate", "estimate_ideas", "get", "latest_batch", "mark", "ongoing",
    "page", "restore", "rewrite", "start_content", "start_ideas", "suggest", "take_back", "talk", "write", "write_out",
]  # fmt: skip

"""Words in an influencer's voice: texts for posts, ideas for days, talks."""

from backend.writing import talk
from backend.writing.about import about as whose
from backend.writing.asking import asker
from backend.writing.checks import check
from backend.writing.composing import About, Composed, compose
from backend.writing.composing import plan as think_of_days
from backend.writing.content_types import CONTENT_TYPES, ContentType
from backend.writing.queries import batch, get, latest_batch, page
from backend.writing.schemas import (
    CAPTION_CHARACTERS,
    MAX_DAYS,
    MAX_STYLE,
    MAX_TOPIC,
    MAX_VARIANTS,
    PARTS,
    Bill,
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
from backend.writing.service import choose, create, drawn, edit, keep, mark, restore, take_back
from backend.writing.starting import CONTENT, IDEAS, ongoing, start_content, start_ideas
from backend.writing.suggesting import suggest
from backend.writing.writer import A_WEEK, estimate, estimate_ideas, rewrite, write, write_out

__all__ = [
    "A_WEEK", "CAPTION_CHARACTERS", "CONTENT", "CONTENT_TYPES", "IDEAS", "MAX_DAYS", "MAX_STYLE", "MAX_TOPIC", "MAX_VARIANTS",
    "PARTS", "About", "Bill", "Composed", "ContentType", "DraftCard", "DraftPage", "IdeasOrder", "Note", "Part", "Parts",
    "Said", "Suggestion", "WriteOrder", "asker", "batch", "check", "choose", "compose", "create", "drawn", "edit", "estimate",
    "estimate_ideas", "get", "keep", "latest_batch", "mark", "ongoing", "page", "restore", "rewrite", "start_content",
    "start_ideas", "suggest", "take_back", "talk", "think_of_days", "whose", "write", "write_out",
]  # fmt: skip

"""Words in an influencer's voice: texts for posts, ideas for days, talks."""

from backend.writing import chat
from backend.writing.checks import check
from backend.writing.composition import About, Composed, bill_of, compose
from backend.writing.composition import plan as think_of_days
from backend.writing.content_types import CONTENT_TYPES, ContentType
from backend.writing.llm_calls import asker
from backend.writing.queries import batch, get, latest_batch, page
from backend.writing.requests import CONTENT, IDEAS, ongoing, start_content, start_ideas
from backend.writing.schemas import (
    CAPTION_CHARACTERS,
    GOALS,
    MAX_AUDIENCE,
    MAX_CALL,
    MAX_DAYS,
    MAX_MUST_SAY,
    MAX_SPONSOR,
    MAX_STYLE,
    MAX_TOPIC,
    MAX_VARIANTS,
    PARTS,
    DraftCard,
    DraftPage,
    Goal,
    IdeasOrder,
    LlmCost,
    Note,
    Part,
    Parts,
    Said,
    Suggestion,
    WriteOrder,
)
from backend.writing.service import choose, create, drawn, edit, keep, mark, restore, take_back
from backend.writing.suggestions import suggest
from backend.writing.writer import A_WEEK, estimate, estimate_ideas, rewrite, write, write_out
from backend.writing.writing_context import about as whose
from backend.writing.writing_context import prompt_form, topics_of

__all__ = [
    "A_WEEK",
    "CAPTION_CHARACTERS",
    "CONTENT",
    "CONTENT_TYPES",
    "GOALS",
    "IDEAS",
    "MAX_AUDIENCE",
    "MAX_CALL",
    "MAX_DAYS",
    "MAX_MUST_SAY",
    "MAX_SPONSOR",
    "MAX_STYLE",
    "MAX_TOPIC",
    "MAX_VARIANTS",
    "PARTS",
    "About",
    "Composed",
    "ContentType",
    "DraftCard",
    "DraftPage",
    "Goal",
    "IdeasOrder",
    "LlmCost",
    "Note",
    "Part",
    "Parts",
    "Said",
    "Suggestion",
    "WriteOrder",
    "asker",
    "batch",
    "bill_of",
    "chat",
    "check",
    "choose",
    "compose",
    "create",
    "drawn",
    "edit",
    "estimate",
    "estimate_ideas",
    "get",
    "keep",
    "latest_batch",
    "mark",
    "ongoing",
    "page",
    "prompt_form",
    "restore",
    "rewrite",
    "start_content",
    "start_ideas",
    "suggest",
    "take_back",
    "think_of_days",
    "topics_of",
    "whose",
    "write",
    "write_out",
]  # fmt: skip

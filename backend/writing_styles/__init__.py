"""Writing styles: learned from PDFs, measured, written with, and lent to influencers as a voice."""

from backend.writing_styles.cleanup import forget
from backend.writing_styles.export import exported, filename
from backend.writing_styles.queries import get, jobs_of, names, page, sources, speakers, text, text_of_job, texts, voice
from backend.writing_styles.requests import estimate
from backend.writing_styles.rules import (
    LANGUAGES,
    LEAST_WORDS,
    LONGEST_RUN,
    LONGEST_TOPIC,
    MOST_FILES,
    MOST_WORDS,
    STEADY_WORDS,
)
from backend.writing_styles.schemas import Source, Style, StyleCard, StyleDraft, StyleTextCard, TextWish
from backend.writing_styles.service import (
    NOUN,
    TRAINING,
    WRITING,
    create,
    delete,
    delete_text,
    drop_source,
    edit,
    train,
    undelete,
    undelete_text,
    write,
)
from backend.writing_styles.stylometry import BINS

__all__ = [
    "BINS", "LANGUAGES", "LEAST_WORDS", "LONGEST_RUN", "LONGEST_TOPIC", "MOST_FILES", "MOST_WORDS", "NOUN", "STEADY_WORDS",
    "TRAINING", "WRITING", "Source", "Style", "StyleCard", "StyleDraft", "StyleTextCard", "TextWish", "create", "delete",
    "delete_text", "drop_source", "edit", "estimate", "exported", "filename", "forget", "get", "jobs_of", "names", "page",
    "sources", "speakers", "text", "text_of_job", "texts", "train", "undelete", "undelete_text", "voice", "write",
]  # fmt: skip

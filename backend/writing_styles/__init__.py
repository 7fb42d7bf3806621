"""Writing styles: learned from PDFs and measured; used for texts, and as the voice of influencers."""

from backend.writing_styles import undo_parts
from backend.writing_styles.cleanup import retire_idle
from backend.writing_styles.export import export_filename, export_text
from backend.writing_styles.installation import count_installation
from backend.writing_styles.queries import (
    conversation,
    conversation_lengths,
    get,
    job_ids_by_style,
    page,
    sources,
    speakers,
    style_names,
    text,
    text_of_job,
    texts,
    texts_of_jobs,
    voice,
)
from backend.writing_styles.requests import check_model, earlier_exchanges, estimate
from backend.writing_styles.rules import (
    LANGUAGES,
    MAX_FILES,
    MAX_SHARED_RUN,
    MAX_TEXT_WORDS,
    MAX_TOPIC,
    MIN_SOURCE_WORDS,
    RELIABLE_SOURCE_WORDS,
)
from backend.writing_styles.schemas import (
    StyleProfile,
    StyleSourceCard,
    StyleTextCard,
    StyleTextDraft,
    WritingStyleCard,
    WritingStyleDraft,
)
from backend.writing_styles.service import (
    NOUN,
    TRAINING_KIND,
    WRITING_KIND,
    create,
    delete,
    delete_text,
    edit,
    remove_source,
    reset,
    train,
    undelete,
    undelete_text,
    write,
)
from backend.writing_styles.stylometry import BINS

undo_parts.register_parts()

__all__ = [
    "BINS",
    "LANGUAGES",
    "MAX_FILES",
    "MAX_SHARED_RUN",
    "MAX_TEXT_WORDS",
    "MAX_TOPIC",
    "MIN_SOURCE_WORDS",
    "NOUN",
    "RELIABLE_SOURCE_WORDS",
    "TRAINING_KIND",
    "WRITING_KIND",
    "StyleProfile",
    "StyleSourceCard",
    "StyleTextCard",
    "StyleTextDraft",
    "WritingStyleCard",
    "WritingStyleDraft",
    "check_model",
    "conversation",
    "conversation_lengths",
    "count_installation",
    "create",
    "delete",
    "delete_text",
    "earlier_exchanges",
    "edit",
    "estimate",
    "export_filename",
    "export_text",
    "get",
    "job_ids_by_style",
    "page",
    "remove_source",
    "reset",
    "retire_idle",
    "sources",
    "speakers",
    "style_names",
    "text",
    "text_of_job",
    "texts",
    "texts_of_jobs",
    "train",
    "undelete",
    "undelete_text",
    "voice",
    "write",
]

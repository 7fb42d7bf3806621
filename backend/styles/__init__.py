"""Writing styles: learned from PDFs, measured, written with, and lent to influencers as a voice."""

from backend.styles.queries import get, names, page, sources, speakers, text, text_of_job, texts, voice
from backend.styles.schemas import Source, Style, StyleCard, StyleDraft, StyleTextCard

__all__ = [
    "Source", "Style", "StyleCard", "StyleDraft", "StyleTextCard", "get", "names", "page", "sources", "speakers", "text",
    "text_of_job", "texts", "voice",
]  # fmt: skip

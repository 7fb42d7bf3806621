"""Exports a text as a file. Pure."""

from __future__ import annotations

import re
from typing import Literal

from backend.writing_styles.schemas import StyleTextCard

Format = Literal["txt", "md"]


def export_filename(text: StyleTextCard, format: Format) -> str:
    slug = re.sub(r"[^\w-]+", "-", text.topic.lower()).strip("-")[:60].strip("-")
    return f"{slug or 'text'}.{format}"


def export_text(text: StyleTextCard, format: Format) -> str:
    """Plain text is the text alone; Markdown has the topic as heading and says which model wrote it."""
    if format == "txt":
        return text.text + "\n"
    heading = re.sub(r"([\\`*_{}\[\]<>#])", r"\\\1", text.topic)
    author = "the offline writer" if text.model == "offline" else text.model
    score = "" if text.score is None else f", style match {text.score:.2f}"
    return f"# {heading}\n\n{text.text}\n\n---\n*{text.words:,} words, written by {author}{score}.*\n"

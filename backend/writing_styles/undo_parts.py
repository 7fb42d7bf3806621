"""What of writing styles can be undone."""

from __future__ import annotations

from backend import undo
from backend.db.tables import WritingStyle
from backend.writing_styles import service
from backend.writing_styles.schemas import WritingStyleDraft


def register_parts() -> None:
    undo.register(
        undo.Part(
            "writing_style.saved",
            read=undo.columns(WritingStyle, *WritingStyleDraft.model_fields, where=WritingStyle.deleted_at.is_(None)),
            write=lambda tx, style_id, values: service.edit(tx, style_id, WritingStyleDraft(**values)),
        )
    )

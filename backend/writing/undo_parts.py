"""What of texts can be undone."""

from __future__ import annotations

from backend import undo
from backend.db.tables import TextDraft
from backend.writing import service


def register_parts() -> None:
    undo.register(
        undo.Part(
            "text.state",
            read=undo.columns(TextDraft, "state"),
            write=lambda tx, draft_id, values: service.set_state(tx, draft_id, values["state"]),
        )
    )
    undo.register(
        undo.Part(
            "text.parts",
            read=undo.columns(TextDraft, "parts"),
            write=lambda tx, draft_id, values: service.edit(tx, draft_id, values["parts"]),
            has_own_offer=True,
        )
    )

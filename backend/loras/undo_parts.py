"""What of LoRAs can be undone."""

from __future__ import annotations

from backend import undo
from backend.db.tables import Lora
from backend.loras import service


def register_parts() -> None:
    undo.register(
        undo.Part(
            "lora.name",
            read=undo.columns(Lora, "name", where=Lora.deleted_at.is_(None)),
            write=lambda tx, lora_id, values: service.rename(tx, lora_id, values["name"]),
        )
    )

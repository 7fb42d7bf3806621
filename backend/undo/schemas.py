"""Values of undo entries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UndoOffer:
    """An undo entry of what was just done. `verb`: the part that was changed, such as `lora.name`.
    `has_own_offer`: its page shows an undo itself."""

    id: str
    verb: str
    noun_id: str
    has_own_offer: bool

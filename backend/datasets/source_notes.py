"""What people should know of the captions and folders that came with the pictures, until they have read it."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.datasets.edit_cards import ArrivalNote

_READ = text(
    "SELECT note->>'sentence', count(*), (array_agg(image.filename ORDER BY image.id))[1:5] "
    "FROM dataset_images image, jsonb_array_elements(image.notes) note "
    "WHERE image.dataset_id = :id AND note->>'code' ~ '^(caption|folder)_' AND note->'seen' IS NULL "
    "GROUP BY 1 ORDER BY min(image.id), 1"
)
_CLEAR = text(
    "UPDATE dataset_images SET notes = (SELECT jsonb_agg(note || '{\"seen\": true}'::jsonb ORDER BY place) "
    "FROM jsonb_array_elements(notes) WITH ORDINALITY AS of(note, place)) "
    "WHERE dataset_id = :id AND notes @? '$[*] ? (!exists(@.seen))'"
)


def arrival_notes(tx: Session, dataset_id: str) -> list[ArrivalNote]:
    """One for each sentence, in the order the pictures came."""
    return [ArrivalNote(sentence, count, tuple(names)) for sentence, count, names in tx.execute(_READ, {"id": dataset_id})]


def clear_arrival_notes(tx: Session, dataset_id: str) -> None:
    """They stay with their pictures, but are no longer listed."""
    tx.execute(_CLEAR, {"id": dataset_id})

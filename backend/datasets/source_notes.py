"""Notes about imported captions and folders, listed until somebody has read them."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.datasets.edit_cards import ImportNote
from backend.language import messages

_READ = text(
    "SELECT jsonb_strip_nulls(jsonb_build_object('sentence', note->>'sentence', 'words', (array_agg(note->'words'))[1])), "
    "count(*), (array_agg(image.filename ORDER BY image.id))[1:5] "
    "FROM dataset_images image, jsonb_array_elements(image.notes) note "
    "WHERE image.dataset_id = :id AND note->>'code' ~ '^(caption|folder)_' AND note->'seen' IS NULL "
    "GROUP BY note->>'sentence' ORDER BY min(image.id), note->>'sentence'"
)
_CLEAR = text(
    "UPDATE dataset_images SET notes = (SELECT jsonb_agg(note || '{\"seen\": true}'::jsonb ORDER BY place) "
    "FROM jsonb_array_elements(notes) WITH ORDINALITY AS of(note, place)) "
    "WHERE dataset_id = :id AND notes @? '$[*] ? (!exists(@.seen))'"
)


def import_notes(tx: Session, dataset_id: str) -> list[ImportNote]:
    """One for each sentence, in the order the pictures were added."""
    return [
        ImportNote(messages.read_coded(note), count, tuple(filenames))
        for note, count, filenames in tx.execute(_READ, {"id": dataset_id})
    ]


def clear_import_notes(tx: Session, dataset_id: str) -> None:
    """Marks all notes as read: they stay with their pictures, but are no longer listed."""
    tx.execute(_CLEAR, {"id": dataset_id})

"""What of a person's notice settings can be undone. The noun's id is the person's."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.orm import Session

from backend import undo
from backend.notices import preferences
from backend.notices.kinds import Preference
from backend.undo import Values


def _read_hours(tx: Session, user_id: str) -> Values:
    values = asdict(preferences.stored_hours(tx, user_id))
    del values["refused_email"], values["refusal"]
    return values


def _read_choices(tx: Session, user_id: str) -> Values:
    return {kind: asdict(preference) for kind, preference in preferences.stored_preferences(tx, user_id).items()}


def _set_choices(tx: Session, user_id: str, values: Values) -> None:
    preferences.restore_preferences(tx, user_id, {kind: Preference(**chosen) for kind, chosen in values.items()})


def register_parts() -> None:
    undo.register(undo.Part(preferences.HOURS_PART, read=_read_hours, write=preferences.restore_hours, needs="viewer"))
    undo.register(undo.Part(preferences.CHOICES_PART, read=_read_choices, write=_set_choices, needs="viewer"))

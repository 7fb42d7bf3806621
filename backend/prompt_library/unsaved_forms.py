"""What a user typed into a form of Create and started nothing with yet. Private, one for each form, kept until replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.db.tables import UnsavedForm
from backend.errors import Invalid
from backend.language import tr_lazy

MAX_FORM_BYTES = 256 * 1024


def unsaved_form(tx: Session, form: str) -> dict[str, Any]:
    """The caller's own values of `form` (JSON), as last saved; empty: there are none."""
    own = select(UnsavedForm.draft).where(UnsavedForm.user_id == _user_id(tx), UnsavedForm.form == form)
    return dict(tx.scalar(own) or {})


def save_unsaved_form(tx: Session, form: str, values: Mapping[str, Any]) -> None:
    """Writes these values over those of the same names. Raises Invalid for more than MAX_FORM_BYTES of JSON."""
    if len(json.dumps(values)) > MAX_FORM_BYTES:
        raise Invalid(tr_lazy("This form is too long to be saved."))
    row = insert(UnsavedForm).values(user_id=_user_id(tx), form=form, draft=dict(values))
    merged = {"draft": UnsavedForm.draft.op("||")(row.excluded.draft), "updated_at": func.clock_timestamp()}
    tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "user_id", "form"], set_=merged))


def _user_id(tx: Session) -> str:
    return str(tx.info.get("user_id") or "")

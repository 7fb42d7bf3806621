"""What a user typed into a form of Create and started nothing with yet. Private, one for each form, kept until it is replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.db.tables import UnsavedForm

MAX_BYTES = 256 * 1024


def unsaved_form(tx: Session, form: str) -> dict[str, Any] | None:
    """The caller's own values of `form` (JSON), as last saved; None: there are none."""
    own = select(UnsavedForm.draft).where(UnsavedForm.user_id == tx.info["user_id"], UnsavedForm.form == form)
    draft = tx.scalar(own)
    return dict(draft) if draft is not None else None


def save_unsaved_form(tx: Session, form: str, draft: Mapping[str, Any]) -> None:
    """Replaces what was there. Values of more than MAX_BYTES of JSON are not kept: no form people type into has so many."""
    if len(json.dumps(draft)) > MAX_BYTES:
        return
    row = {"user_id": tx.info["user_id"], "form": form, "draft": dict(draft)}
    update = {"draft": dict(draft), "updated_at": func.clock_timestamp()}
    tx.execute(insert(UnsavedForm).values(**row).on_conflict_do_update(index_elements=["tenant_id", "user_id", "form"], set_=update))

"""Brings stored secrets under the newest key of the ring, so that an old key can be dropped some time later."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.errors import Invalid
from backend.kit.secrets import KeyRing

log = structlog.get_logger(__name__)


def reseal(
    tx: Session,
    ring: KeyRing,
    column: InstrumentedAttribute[Any],
    *where: ColumnElement[bool],
    row_id: InstrumentedAttribute[str],
    tenant_id: str,
) -> int:
    """Reseals `column` of all rows that `tx` may see and that are `where`. Rows that somebody has locked are left for the
    next time; one that no key opens is left as it is and logged. Returns how many were under an older key.

    `row_id`, `tenant_id`: what the secrets are bound to.
    """
    rows = tx.execute(select(row_id, column).where(column.is_not(None), *where).with_for_update(skip_locked=True)).all()
    count = 0
    for key, sealed in rows:
        try:
            newer = ring.resealed(sealed, tenant_id=tenant_id, row_id=key)
        except Invalid:
            log.warning("a stored secret fits no key of SECRET_KEYS", table=column.class_.__tablename__, row=key)
            continue
        if newer is not None:
            tx.execute(update(column.class_).where(row_id == key).values({column: newer}))
            count += 1
    return count

"""Asking for a backup. ops/backup looks for the row every few seconds and makes it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import accounts, events
from backend.backups.queries import card_of, overview
from backend.backups.schemas import BackupCard
from backend.db.tables import Backup
from backend.errors import Conflict
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.settings import Settings


def request_backup(tx: Session, settings: Settings) -> BackupCard:
    """A backup as soon as possible; the one that is under way if there is one.

    Raises NotPermitted for who is no operator, Conflict when nothing keeps backups here.
    """
    accounts.require_operator(tx, settings)
    unfinished = select(Backup).where(Backup.state.in_(("requested", "running"))).order_by(Backup.id).limit(1)
    if row := tx.scalars(unfinished).first():
        return card_of(row)
    if not overview(tx, settings).alive:
        raise Conflict(
            tr_lazy(
                "Nothing keeps backups right now. Set BACKUP_TARGET and start the studio again, or run “make backup” on its "
                "machine."
            )
        )
    row = Backup(id=new_id("bak"), state="requested", requested_by=tx.info["user_id"])
    tx.add(row)
    tx.flush()
    tx.refresh(row)
    events.record(tx, "backup.requested", "backup", row.id, {})
    return card_of(row)

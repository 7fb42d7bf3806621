"""Backups of the installation, for operators: what there is, whether it is well, and asking for one. ops/backup makes them."""

from backend.backups.queries import last_restore, overview, restored_to
from backend.backups.schemas import BackupCard, BackupOverview, DrillFigures, RestoreCard
from backend.backups.service import request_backup

__all__ = [
    "BackupCard",
    "BackupOverview",
    "DrillFigures",
    "RestoreCard",
    "last_restore",
    "overview",
    "request_backup",
    "restored_to",
]

"""The audit log: who did what in a workspace, from where, to what, and what was there before."""

from backend.audit.archive import archive
from backend.audit.export import COLUMNS, Format, as_values, export
from backend.audit.queries import note_export, note_reading, page
from backend.audit.schemas import SOURCES, AuditEntry, AuditFilters, AuditPage, Source
from backend.events import HIDDEN

__all__ = [
    "COLUMNS",
    "HIDDEN",
    "SOURCES",
    "AuditEntry",
    "AuditFilters",
    "AuditPage",
    "Format",
    "Source",
    "archive",
    "as_values",
    "export",
    "note_export",
    "note_reading",
    "page",
]

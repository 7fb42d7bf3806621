"""Boards, actions on many pictures that can be undone, export as a ZIP, import from other programs."""

from backend.boards.bulk_actions import act, undo
from backend.boards.duplicates import Duplicate, dismiss_duplicates, find_duplicates
from backend.boards.history import purge_history, recent
from backend.boards.imports import refused_uploads, start_import
from backend.boards.picture_files import picture_file, start_archive
from backend.boards.queries import boards_of_picture, get, page
from backend.boards.schemas import (
    COUNT_LIMIT,
    INBOX,
    MAX_PICTURES,
    NOUN,
    ArchiveDraft,
    ArchivePayload,
    BoardCard,
    BoardDraft,
    BulkActionDraft,
    ImportPayload,
    UndoEntry,
)
from backend.boards.service import archive, arrange, create, delete, edit, set_cover

__all__ = [
    "COUNT_LIMIT",
    "INBOX",
    "MAX_PICTURES",
    "NOUN",
    "ArchiveDraft",
    "ArchivePayload",
    "BoardCard",
    "BoardDraft",
    "BulkActionDraft",
    "Duplicate",
    "ImportPayload",
    "UndoEntry",
    "act",
    "archive",
    "arrange",
    "boards_of_picture",
    "create",
    "delete",
    "dismiss_duplicates",
    "edit",
    "find_duplicates",
    "get",
    "page",
    "picture_file",
    "purge_history",
    "recent",
    "refused_uploads",
    "set_cover",
    "start_archive",
    "start_import",
    "undo",
]

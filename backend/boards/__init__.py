"""Boards, acts on many pictures that can be undone, pictures out as a ZIP and in from other programs."""

from backend.boards.acts import act, undo
from backend.boards.arrivals import bring_in, refused
from backend.boards.history import forget, lately
from backend.boards.packing import pack, picture_file
from backend.boards.queries import get, of_picture, page
from backend.boards.schemas import (
    COUNT_TO,
    INBOX,
    MOST_AT_ONCE,
    NOUN,
    ActCard,
    ActDraft,
    ArchiveDraft,
    ArchivePayload,
    BoardCard,
    BoardDraft,
    ImportPayload,
)
from backend.boards.service import archive, arrange, create, delete, edit, set_cover
from backend.boards.twins import Twin, already, leave_out

__all__ = [
    "COUNT_TO", "INBOX", "MOST_AT_ONCE", "NOUN", "ActCard", "ActDraft", "ArchiveDraft", "ArchivePayload", "BoardCard",
    "BoardDraft", "ImportPayload", "Twin", "act", "already", "archive", "arrange", "bring_in", "create", "delete", "edit",
    "forget", "get", "lately", "leave_out", "of_picture", "pack", "page", "picture_file", "refused", "set_cover", "undo",
]  # fmt: skip

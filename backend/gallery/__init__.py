"""All pictures of a workspace: search, ratings, review, boards, actions on many that can be undone, downloads, imports."""

from backend.gallery import undo_parts
from backend.gallery.boards import (
    archive_board,
    arrange_board,
    boards_of_picture,
    create_board,
    delete_board,
    edit_board,
    erase_boards,
    get_board,
    list_boards,
    set_board_cover,
    undelete_boards,
)
from backend.gallery.bulk_actions import act, undo
from backend.gallery.duplicates import Duplicate, dismiss_duplicates, find_duplicates
from backend.gallery.imports import refused_uploads, start_import
from backend.gallery.picture_files import picture_file, start_archive
from backend.gallery.queries import COUNT_TO, count, matching_ids, neighbours, page, read_tiles, tile, tiles
from backend.gallery.review import ReviewDecision, decide, held_counts, undo_decision
from backend.gallery.schemas import (
    COUNT_LIMIT,
    INBOX,
    MAX_PICTURES,
    NOUN,
    ArchiveDraft,
    ArchivePayload,
    BoardCard,
    BoardDraft,
    BulkActionDraft,
    Count,
    GalleryFilters,
    GalleryPage,
    ImportPayload,
    TileCard,
    TilePage,
    UndoEntry,
)
from backend.gallery.search import TERMS
from backend.gallery.service import delete, erase, make_cover, rate, set_favourite, undelete
from backend.gallery.similar import ensure_hash, similar
from backend.gallery.undo_entries import recent_actions

undo_parts.register_parts()

__all__ = [
    "COUNT_LIMIT",
    "COUNT_TO",
    "INBOX",
    "MAX_PICTURES",
    "NOUN",
    "TERMS",
    "ArchiveDraft",
    "ArchivePayload",
    "BoardCard",
    "BoardDraft",
    "BulkActionDraft",
    "Count",
    "Duplicate",
    "GalleryFilters",
    "GalleryPage",
    "ImportPayload",
    "ReviewDecision",
    "TileCard",
    "TilePage",
    "UndoEntry",
    "act",
    "archive_board",
    "arrange_board",
    "boards_of_picture",
    "count",
    "create_board",
    "decide",
    "delete",
    "delete_board",
    "dismiss_duplicates",
    "edit_board",
    "ensure_hash",
    "erase",
    "erase_boards",
    "find_duplicates",
    "get_board",
    "held_counts",
    "list_boards",
    "make_cover",
    "matching_ids",
    "neighbours",
    "page",
    "picture_file",
    "rate",
    "read_tiles",
    "recent_actions",
    "refused_uploads",
    "set_board_cover",
    "set_favourite",
    "similar",
    "start_archive",
    "start_import",
    "tile",
    "tiles",
    "undelete",
    "undelete_boards",
    "undo",
    "undo_decision",
]

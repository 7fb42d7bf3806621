"""History: what one person did in a workspace, newest first, in words, with its undo."""

from backend.history.queries import page, sentence_of
from backend.history.schemas import NOUN_GROUPS, HistoryItem, HistoryPage, NounGroup

__all__ = ["NOUN_GROUPS", "HistoryItem", "HistoryPage", "NounGroup", "page", "sentence_of"]

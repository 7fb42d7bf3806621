"""History: what one person did in a workspace, newest first, in words, with its undo."""

from backend.history.names import find as find_things
from backend.history.queries import named, page, sentence_of
from backend.history.schemas import NOUN_GROUPS, Change, HistoryItem, HistoryPage, NounGroup
from backend.history.sentences import SENTENCES, Sentence

__all__ = [
    "NOUN_GROUPS",
    "SENTENCES",
    "Change",
    "HistoryItem",
    "HistoryPage",
    "NounGroup",
    "Sentence",
    "find_things",
    "named",
    "page",
    "sentence_of",
]

"""Text search of plans: in topics, captions and hashtags.

Each typed word must be the beginning of a word there, all of them in the topic or all in the same post. What is typed with
characters other than letters and digits (`50%`, `snake_case`, an emoji) must occur literally, whatever it means to LIKE or to
a text search.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.tables import ContentPlan, Post

MAX_INDEXED_MATCHES = 3000
"""Up to so many matches are looked up by id; for more, Postgres walks the list in order and filters until the page is full."""
_MAX_WORDS = 20
_PUNCTUATION_TO_SPACES = str.maketrans(dict.fromkeys(string.punctuation, " "))


@dataclass(frozen=True, slots=True)
class ParsedSearch:
    """`words`: text of a tsquery, "" where nothing typed is a word. `like_patterns`: for LIKE on lower-cased text."""

    words: str
    like_patterns: tuple[str, ...]


def parse(text: str) -> ParsedSearch:
    typed = text.replace("\x00", " ").split()[:_MAX_WORDS]
    words = [word for word in " ".join(typed).translate(_PUNCTUATION_TO_SPACES).split() if any(map(_is_word_character, word))]
    pieces = [piece for piece in typed if not all(map(_is_word_character, piece.removeprefix("#") or piece))]
    return ParsedSearch(" & ".join(f"'{word}':*" for word in words), tuple(map(_like_pattern, pieces)))


def matches_text(tx: Session, text: str) -> ColumnElement[bool]:
    """SQL condition on ContentPlan. Runs one statement, which asks the text index whether few or many plans match."""
    search = parse(text)
    if search.words:
        plan_ids = tx.scalar(
            select(func.find_plans(search.words, literal(list(search.like_patterns), ARRAY(Text)), MAX_INDEXED_MATCHES))
        )
        if plan_ids is not None:
            return ContentPlan.id == func.any(literal(list(plan_ids), ARRAY(Text)))
    in_posts = select(literal(1)).where(Post.plan_id == ContentPlan.id, Post.tenant_id == ContentPlan.tenant_id)
    in_posts = in_posts.where(_contains(search, Post.search, Post.caption))
    if search.words:
        # Many matches: OFFSET 0 makes Postgres look up each plan's posts; without it all matching posts are read first.
        in_posts = in_posts.offset(0)
    return or_(_contains(search, ContentPlan.search, ContentPlan.topic), in_posts.exists())


def _contains(
    search: ParsedSearch, words: InstrumentedAttribute[str | None], text: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    of_pieces = [func.lower(text).like(func.lower(pattern)) for pattern in search.like_patterns]
    of_words = [words.bool_op("@@")(func.to_tsquery("simple", search.words))] if search.words else []
    return and_(true(), *of_words, *of_pieces)


def _is_word_character(character: str) -> bool:
    return character.isalpha() or character.isdecimal()


def _like_pattern(piece: str) -> str:
    for special in "\\%_":
        piece = piece.replace(special, f"\\{special}")
    return f"%{piece}%"

"""Plans by the words of their topic, captions and hashtags.

Each word typed must begin a word there, all of them in the topic or all in the same post. What is typed with other characters
than letters and digits (`50%`, `snake_case`, an emoji) stands there exactly so, whatever it means to LIKE or to a text search.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.tables import ContentPlan, Post

MOST_FOUND = 3000
"""Plans that are read by their ids; where more have the words, lists are gone down until enough are met."""
_MOST_WORDS = 20
_SPACES = str.maketrans(dict.fromkeys(string.punctuation, " "))


@dataclass(frozen=True, slots=True)
class Search:
    """`words`: a tsquery's text, "" where nothing typed is a word. `pieces`: LIKE patterns, for lower case texts."""

    words: str
    pieces: tuple[str, ...]


def parse(text: str) -> Search:
    typed = text.replace("\x00", " ").split()[:_MOST_WORDS]
    words = [word for word in " ".join(typed).translate(_SPACES).split() if any(map(_of_a_word, word))]
    pieces = [one for one in typed if not all(map(_of_a_word, one.removeprefix("#") or one))]
    return Search(" & ".join(f"'{word}':*" for word in words), tuple(map(_pattern, pieces)))


def having(tx: Session, text: str) -> ColumnElement[bool]:
    """What a plan must be to have these words, as SQL. One statement asks the index whether they are few."""
    search = parse(text)
    if search.words:
        found = tx.scalar(select(func.find_plans(search.words, literal(list(search.pieces), ARRAY(Text)), MOST_FOUND)))
        if found is not None:
            return ContentPlan.id == func.any(literal(list(found), ARRAY(Text)))
    there = select(literal(1)).where(Post.plan_id == ContentPlan.id, Post.tenant_id == ContentPlan.tenant_id)
    there = there.where(_holds(search, Post.search, Post.caption))
    if search.words:
        # Common words: with OFFSET each plan's posts are looked up, without Postgres reads all posts first.
        there = there.offset(0)
    return or_(_holds(search, ContentPlan.search, ContentPlan.topic), there.exists())


def _holds(search: Search, words: InstrumentedAttribute[str | None], text: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    of_pieces = [func.lower(text).like(func.lower(pattern)) for pattern in search.pieces]
    of_words = [words.bool_op("@@")(func.to_tsquery("simple", search.words))] if search.words else []
    return and_(true(), *of_words, *of_pieces)


def _of_a_word(character: str) -> bool:
    return character.isalpha() or character.isdecimal()


def _pattern(piece: str) -> str:
    for special in "\\%_":
        piece = piece.replace(special, f"\\{special}")
    return f"%{piece}%"

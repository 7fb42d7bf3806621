"""A column of sentences that are worded for whoever reads the row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Dialect, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator

from backend.language import messages

NO_MESSAGE = text('\'{"text": ""}\'')
"""The server default of a column in which "" says nothing."""


class MessageColumn(TypeDecorator[str]):
    """JSONB as `backend.language.stored` writes it, {"text"} of plain texts and of rows of earlier versions. In Python a `str`,
    the English sentence; a `Message` where it knows its parts."""

    impl = JSONB
    cache_ok = True

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> Any:
        """What it is compared with is JSON, as `column["text"].astext` needs it."""
        return self.impl_instance.coerce_compared_value(op, value)

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else without_nul(messages.stored(value))

    def process_result_value(self, value: Mapping[str, Any] | None, _dialect: Dialect) -> str | None:
        return None if value is None else messages.read(value)


def words_of(text: str) -> dict[str, Any] | None:
    """Of a text column with a second one for its parts, what that one gets: as `backend.language.stored` has it."""
    return without_nul(messages.stored(text)) if isinstance(text, messages.Message) else None


def with_words(text: str, words: Mapping[str, Any] | None) -> str:
    """What two such columns say. The parts count where they are of this text: earlier versions write the text alone."""
    return messages.read(words) if words and words["text"] == text else text


def text_of(value: str | Mapping[str, Any]) -> str:
    """What such a column held, of a row of `Database.read_once`, which has JSON as psycopg gives it."""
    return value if isinstance(value, str) else messages.read(value)


def message_json(message: str) -> str:
    """A value of such a column for a statement of plain SQL."""
    return json.dumps(without_nul(messages.stored(message)))


def without_nul(value: Any) -> Any:
    """JSON as Postgres accepts it: without NUL characters, lone surrogates replaced by question marks."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: without_nul(part) for name, part in value.items()}
    return [without_nul(part) for part in value] if isinstance(value, list) else value

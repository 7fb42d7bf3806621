"""The API's spelling: camelCase outside, and the shape every list has."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

T = TypeVar("T")


def _written_day(value: object) -> object:
    """Pydantic alone would take a number for seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("say a day like 2026-12-24")
    return value


Day = Annotated[date, BeforeValidator(_written_day)]
"""In addresses: 2026-12-24."""


def binary(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """For `responses`: what a route that sends a file says of it."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The file.", "content": dict.fromkeys(kinds, schema)}}


class Words(BaseModel):
    """Said in camelCase, heard in both; read from our frozen cards."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True, extra="ignore")


class Listing(Words, Generic[T]):
    """`next_cursor`: give it back as `cursor` to go on without counting rows."""

    data: list[T]
    total: int
    take: int
    skip: int
    next_cursor: str | None = None

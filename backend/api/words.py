"""The API's spelling: camelCase outside, and the shape every list has."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

T = TypeVar("T")


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

"""The base of the API's models (camelCase in JSON), and the shape that every list has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel

from backend.language import Message, worded

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
JSON_TYPE = "application/json"


def _require_iso_day(value: object) -> object:
    """Pydantic alone would take a number for seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("say a day like 2026-12-24")
    return value


Worded = Annotated[str, BeforeValidator(lambda text: worded(text) if isinstance(text, str) else text)]
"""In the language of the page that asks (backend.api.reader_language)."""
WordedTitle = Annotated[str, BeforeValidator(lambda text: worded(text) if isinstance(text, Message) else text)]
"""As Worded, of texts that are mostly people's own: those are never looked up, “Untitled” is."""
Day = Annotated[date, BeforeValidator(_require_iso_day)]
"""A day in a query string, as 2026-12-24."""


ClockTime = Annotated[
    datetime,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$",
            "description": "As a clock shows it, without an offset",
            "examples": ["2031-12-24T18:00:00"],
        }
    ),
]
"""A local time. OpenAPI's `date-time` would need an offset."""


def binary_response(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that sends a file of one of these content types."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The file.", "content": dict.fromkeys(kinds, schema)}}


class ApiModel(BaseModel):
    """Answers in camelCase, accepts camelCase and snake_case; can be made from our frozen cards (`model_validate(card)`)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True, extra="ignore")


class ApiRequest(ApiModel):
    """A body that clients send. Unknown fields are refused: a misspelt one would else be ignored without a word."""

    model_config = ConfigDict(extra="forbid")


class Listing(ApiModel, Generic[T]):
    """One page of a list. `next_cursor`: send it as `cursor` to get the next page; null at the end."""

    data: list[T]
    total: int
    take: int
    skip: int
    next_cursor: str | None = None


Take = Annotated[int | None, Query(ge=1, le=200, description="at most so many; without it all")]
Skip = Annotated[int, Query(ge=0, le=1_000_000)]


def listing(
    response: Response,
    data: list[T],
    *,
    total: int | None = None,
    take: int | None = None,
    skip: int = 0,
    cursor: str | None = None,
) -> Listing[T]:
    """A page of a list, with its total in the header `x-total-count` too. Without `total`: the list is whole."""
    count = len(data) if total is None else total
    response.headers["x-total-count"] = str(count)
    return Listing(data=data, total=count, take=len(data) if take is None else take, skip=skip, next_cursor=cursor)


def listing_response(page: Listing[Any]) -> Response:
    """The answer itself. FastAPI would check and write a page that a route returns in one more thread, which takes longer than
    reading its rows; for lists that many ask for."""
    return Response(page.model_dump_json(by_alias=True), headers={"x-total-count": str(page.total)}, media_type=JSON_TYPE)


def sliced(response: Response, cards: Sequence[Any], model: type[M], *, take: int | None, skip: int) -> Listing[M]:
    """A page of a list that is short enough to be read whole; `model`: what each card is answered as."""
    chosen = cards[skip:] if take is None else cards[skip : skip + take]
    return listing(response, [model.model_validate(card) for card in chosen], total=len(cards), take=take, skip=skip)

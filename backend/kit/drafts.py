"""Draft: the checked values of a form or an API body. Errors are sentences that people can act on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from backend.errors import Invalid
from backend.kit.texts import printable
from backend.language import Message, joined, tr_lazy


class Draft(BaseModel):
    """Frozen; unknown fields are refused; text is trimmed, and characters that Postgres cannot keep are removed.

    Raises backend.errors.Invalid with every complaint joined into one message; `data["complaints"]` has them apart, with the
    names of their fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, validate_default=False)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            items = error.errors(include_url=False, include_input=False)
            complaints = tuple((".".join(map(str, item["loc"])), _message(item)) for item in items)
            raise Invalid(_sentence(items), complaints=complaints) from error

    @model_validator(mode="before")
    @classmethod
    def _printable(cls, values: Any) -> Any:
        return _clean(values)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def _sentence(items: Iterable[Any]) -> str:
    complaints = list(dict.fromkeys(_complaint(item) for item in items))
    return complaints[0] if len(complaints) == 1 else joined(*complaints)


def _message(item: Any) -> str:
    cause = item.get("ctx", {}).get("error")
    return _text_of(cause) if isinstance(cause, ValueError) else str(item["msg"])


def _text_of(error: ValueError) -> str:
    """A Message stays one: whoever reads it may not read English."""
    return error.args[0] if len(error.args) == 1 and isinstance(error.args[0], Message) else str(error)


def _complaint(item: Any) -> str:
    """Our own validators raise ValueError with a sentence, which is used as it is; pydantic's messages get the field's name."""
    facts = item.get("ctx", {})
    if isinstance(cause := facts.get("error"), ValueError):
        return _text_of(cause)
    field = " ".join(str(part) for part in item["loc"] if isinstance(part, str)).replace("_", " ").capitalize()
    match item["type"] if field else "":
        case "string_too_long":
            return tr_lazy("{field}: at most {n:,} characters.", field=Message(field), n=facts["max_length"])
        case "string_too_short" if facts["min_length"] > 1:
            return tr_lazy("{field}: at least {n:,} characters.", field=Message(field), n=facts["min_length"])
        case "missing" | "string_too_short":
            return tr_lazy("{field}: fill this in.", field=Message(field))
    message = str(item["msg"])
    return f"{field}: {message[:1].lower()}{message[1:]}." if field else f"{message}."

"""Sentences that are worded when they are read: English text that knows its template and values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from backend.language.moments import ENGLISH, Form, written
from backend.language.templates import filled

Value = str | int | float | Decimal
"""What a template may hold; a Message among the values is worded with it."""


class Message(str):
    """An English sentence, equal to its text everywhere, from which `worded` makes another language's sentence.

    `template`: the key in the catalogues, with {places}; `plural`: its form for all numbers but 1, "" where there is none;
    `values`: name of a place -> value. `parts`: for sentences put together of others; then `template` is what joins them.
    """

    __slots__ = ("parts", "plural", "template", "values")

    template: str
    plural: str
    values: Mapping[str, Value]
    parts: tuple[str, ...]

    def __new__(
        cls, template: str, *, plural: str = "", values: Mapping[str, Value] | None = None, parts: tuple[str, ...] = ()
    ) -> Self:
        values = values or {}
        if parts:
            text = template.join(parts)
        else:
            text = filled(plural if plural and values["n"] != 1 else template, values) if values else template
        self = super().__new__(cls, text)
        self.template, self.plural, self.values, self.parts = template, plural, values, parts
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_json, (stored(self),)


class Moment(Message):
    """A day or a time inside of a sentence: `tr_lazy("Next try: {time}.", time=Moment(local_time, "moment"))`. It is worded as
    its reader writes dates, in the time zone that it was given in."""

    __slots__ = ("at", "form")

    at: date
    form: Form

    def __new__(cls, at: date, form: Form = "moment") -> Self:
        self = super().__new__(cls, ENGLISH[form].format(at))
        self.at, self.form = at, form
        return self

    def worded(self) -> str:
        return written(self.at, self.form)


def tr_lazy(template: str, /, **values: Value) -> Message:
    """`tr_lazy("{name} is longer than {most} characters.", name="Nina", most=80)`"""
    return Message(template, values=values)


def tr_lazy_plural(template: str, plural: str, n: int, /, **values: Value) -> Message:
    """`tr_lazy_plural("{n} post", "{n} posts", 3)`; `n` is a place of both forms."""
    return Message(template, plural=plural, values={"n": n, **values})


def joined(*parts: str, separator: str = " ") -> Message:
    """Sentences one after the other, each worded by itself; empty ones are left out."""
    sentences = tuple(part for part in parts if part)
    return Message(separator, parts=sentences) if sentences else Message("")


def stored(text: str) -> dict[str, Any]:
    """A text as JSON: {"text"} in English, and of a Message what `Message.read` needs to word it in another language."""
    if not isinstance(text, Message):
        return {"text": str(text)}
    if isinstance(text, Moment):
        return {"text": str(text), "at": text.at.isoformat(), "form": text.form}
    if text.parts:
        return {"text": str(text), "join": text.template, "parts": [stored(part) for part in text.parts]}
    fields: dict[str, Any] = {"text": str(text), "id": text.template}
    if text.plural:
        fields["plural"] = text.plural
    if text.values:
        fields["values"] = {name: _json_value(value) for name, value in text.values.items()}
    return fields


def coded(code: str, sentence: str) -> dict[str, Any]:
    """A note of a row's list: {code, sentence in English, words}. `read_coded` gives the sentence back."""
    return {"code": code, "sentence": str(sentence), "words": stored(sentence)}


def read_coded(note: Mapping[str, Any]) -> str:
    """Notes of earlier versions have the English sentence only."""
    return _from_json(note["words"]) if "words" in note else str(note["sentence"])


def _json_value(value: Value) -> Any:
    if isinstance(value, Message):
        return stored(value)
    return str(value) if isinstance(value, Decimal) else value


def _from_json(fields: Mapping[str, Any]) -> str:
    """What `stored` has written. Where the values do not fit the template any more, its English text."""
    if "parts" in fields:
        return Message(fields["join"], parts=tuple(_from_json(part) for part in fields["parts"]))
    if "at" in fields:
        at = datetime.fromisoformat(fields["at"])
        return Moment(at if "T" in fields["at"] else at.date(), fields["form"])
    if "id" not in fields:
        return str(fields["text"])
    values = {name: _from_json(value) if isinstance(value, dict) else value for name, value in fields.get("values", {}).items()}
    try:
        return Message(fields["id"], plural=fields.get("plural", ""), values=values)
    except (KeyError, IndexError, ValueError):
        return str(fields["text"])


read = _from_json

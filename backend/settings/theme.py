"""How settings are declared: a frozen model for each theme, whose fields say the name of their environment variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

T = TypeVar("T")


def env(name: str, default: T, description: str = "") -> T:
    """A field that is read from the environment variable `name`. `description` is for .env.example."""
    field: T = Field(default, alias=name, description=description or None)
    return field


def secret(name: str, description: str = "") -> SecretStr:
    """The same for what is never to stand in a log. Empty: not set."""
    return env(name, SecretStr(""), description)


def split(value: object) -> object:
    """The parts of a text with commas, without spaces around them; other values as they are. For fields of several values."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Theme(BaseModel):
    """Settings that belong together, and themes within. Its docstring begins with the heading in .env.example.

    All are made from one flat mapping (names of environment variables -> values): each takes what is its own. A value that
    does not fit raises ValidationError, which says the variable's name.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _share_values(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The themes within look for theirs in the same mapping."""
        return values | {name: values for name, field in cls.model_fields.items() if field.alias is None}

    def by_variable(self) -> Iterator[tuple[str, Any]]:
        """(name of the environment variable, value) of every setting, in the order of their declaration."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, Theme):
                yield from value.by_variable()
            else:
                yield str(field.alias), value

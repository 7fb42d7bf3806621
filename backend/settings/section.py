"""How settings are declared: a frozen model for each section, whose fields say the name of their environment variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo

T = TypeVar("T")


def env(name: str, default: T, description: str = "", *, also: str = "") -> T:
    """A field that is read from the environment variable `name`, else from the one called `also`. `description` is for
    .env.example."""
    field: T = Field(default, alias=name, description=description or None, json_schema_extra={"also": also} if also else None)
    return field


def other_name(field: FieldInfo) -> str:
    """The second environment variable that the field is read from, or ""."""
    return str(field.json_schema_extra.get("also", "")) if isinstance(field.json_schema_extra, dict) else ""


def secret(name: str, description: str = "") -> SecretStr:
    """The same for what is never to stand in a log. Empty: not set."""
    return env(name, SecretStr(""), description)


def split(value: object) -> object:
    """The parts of a text with commas, without spaces around them; other values as they are. For fields of several values."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class SettingsSection(BaseModel):
    """Settings that belong together, and sections within. Its docstring begins with the heading in .env.example.

    All are made from one flat mapping (names of environment variables -> values): each takes what is its own. A value that
    does not fit raises ValidationError, which says the variable's name.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _share_values(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The sections within look for theirs in the same mapping; a field's own name wins over its other one."""
        sections = {name: values for name, field in cls.model_fields.items() if field.alias is None}
        fields = [field for field in cls.model_fields.values() if other_name(field) in values]
        return {str(field.alias): values[other_name(field)] for field in fields} | values | sections

    def by_variable(self) -> Iterator[tuple[str, Any]]:
        """(name of the environment variable, value) of every setting, in the order of their declaration."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, SettingsSection):
                yield from value.by_variable()
            else:
                yield str(field.alias), value

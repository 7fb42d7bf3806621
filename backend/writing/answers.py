"""The JSON shapes a model answers in. They accept common deviations; the content is checked afterwards (`checks`)."""

from __future__ import annotations

import re

from pydantic import BaseModel, field_validator

from backend.writing.schemas import Part


class _Hashtags(BaseModel):
    hashtags: list[str]

    @field_validator("hashtags", mode="before")
    @classmethod
    def _split_string(cls, value: object) -> object:
        """Accepts “#one #two” instead of a list."""
        return re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value


class Text(_Hashtags):
    hook: str
    caption: str
    alt_text: str
    picture: str


class Texts(BaseModel):
    variants: list[Text]

    @field_validator("variants")
    @classmethod
    def _not_empty(cls, variants: list[Text]) -> list[Text]:
        if not variants:
            raise ValueError("no text")
        return variants


class Hook(BaseModel):
    hook: str


class Caption(BaseModel):
    caption: str


class Hashtags(_Hashtags):
    pass


class AltText(BaseModel):
    alt_text: str


class PicturePrompt(BaseModel):
    picture: str


class Idea(BaseModel):
    day: int
    content_type: str
    topic: str
    hook: str
    picture: str


class Ideas(BaseModel):
    ideas: list[Idea]

    @field_validator("ideas")
    @classmethod
    def _not_empty(cls, ideas: list[Idea]) -> list[Idea]:
        if not ideas:
            raise ValueError("no idea")
        return ideas


PART_ANSWERS: dict[Part, type[BaseModel]] = {
    "hook": Hook,
    "caption": Caption,
    "hashtags": Hashtags,
    "alt_text": AltText,
    "picture": PicturePrompt,
}

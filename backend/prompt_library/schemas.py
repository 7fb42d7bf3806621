"""Values of the prompt library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.prompt_library import prompts

Prompt = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(min_length=2, max_length=60)]
MAX_LINES = 2000
MAX_LINE_LENGTH = 500


class WildcardDraft(Draft):
    """`name`: as in `__name__`, lower-case. Empty lines, lines that begin with # and repeated lines are dropped."""

    name: str
    lines: tuple[str, ...]

    @field_validator("name", mode="before")
    @classmethod
    def _name(cls, name: str) -> str:
        word = str(name).strip().strip("_").lower().replace(" ", "-")
        if not prompts.NAME.fullmatch(word) or len(word) > 60:
            raise ValueError(tr_lazy("Name the list with small letters, digits, - and _, for example places or hair/colors."))
        return word

    @field_validator("lines", mode="before")
    @classmethod
    def _lines(cls, lines: Any) -> tuple[str, ...]:
        choices = tuple(dict.fromkeys(line for value in lines if (line := str(value).strip()) and not line.startswith("#")))
        if not choices:
            raise ValueError(tr_lazy("Write at least one line: each one is a choice."))
        if len(choices) > MAX_LINES:
            raise ValueError(
                tr_lazy("A list may have {most:,} lines; this one has {n:,}. Split it in two.", most=MAX_LINES, n=len(choices))
            )
        if too_long := next((line for line in choices if len(line) > MAX_LINE_LENGTH), None):
            raise ValueError(
                tr_lazy(
                    "The line “{line}…” is longer than {most} characters. Shorten it.", line=too_long[:40], most=MAX_LINE_LENGTH
                )
            )
        for line in choices:
            prompts.parse(line)
        return choices


class TemplateDraft(Draft):
    """`prompt` has blanks like {subject} or {place=at the beach}; it may hold wildcards and LoRAs."""

    name: Name
    prompt: Prompt
    negative: Prompt = ""

    @model_validator(mode="after")
    def _parses(self) -> TemplateDraft:
        if not self.prompt:
            raise ValueError(
                tr_lazy("Write the template, for example: {example}.", example="portrait of {subject}, {place=at the beach}")
            )
        for text in (self.prompt, self.negative):
            prompts.parse(prompts.fill_blanks(text, dict.fromkeys(prompts.blanks(text), "x")))
        return self


class PromptStyleSettings(Draft):
    """Values the form starts with; None: the form's own."""

    model: str | None = None
    size: str | None = None
    steps: int | None = Field(None, ge=1, le=150)
    cfg: float | None = Field(None, ge=0, le=30)
    sampler: str | None = None


class PromptStyleDraft(Draft):
    """`influencer_id` None: for everybody in the workspace."""

    name: Name
    influencer_id: str | None = None
    prompt: Prompt = ""
    negative: Prompt = ""
    settings: PromptStyleSettings = PromptStyleSettings()

    @model_validator(mode="after")
    def _says_something(self) -> PromptStyleDraft:
        if not (self.prompt or self.negative or any(self.settings.model_dump().values())):
            raise ValueError(tr_lazy("A style adds words or settings. Write at least what it adds to the prompt."))
        for text in (self.prompt, self.negative):
            prompts.parse(text)
        return self


@dataclass(frozen=True, slots=True)
class WildcardCard:
    id: str
    name: str
    lines: tuple[str, ...]
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TemplateCard:
    """One version of a template; `latest`: the newest version's number. `deleted`: still readable, no longer offered."""

    id: str
    name: str
    version: int
    latest: int
    prompt: str
    negative: str
    created_at: datetime
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class PromptStyleCard:
    id: str
    name: str
    influencer_id: str | None
    prompt: str
    negative: str
    settings: PromptStyleSettings
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PresetCard:
    """`is_own`: of the user who asks, else everybody's. `draft`: values of the form, as its slice wrote them."""

    id: str
    name: str
    is_own: bool
    is_default: bool
    draft: dict[str, Any]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class EarlierPrompt:
    """A prompt as somebody typed it; `uses`: how often, by the users it is shown for."""

    id: str
    prompt: str
    negative: str
    uses: int
    used_at: datetime


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`created`, `changed`, `same`: how many lists and templates; `problems`: a sentence for each entry left out."""

    created: int
    changed: int
    same: int
    problems: tuple[str, ...]

"""What goes into and comes out of the influencers' door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from backend.influencers.rules import LANGUAGES, TRIGGER_WORD, propose_trigger_word, time_zones
from backend.kit.drafts import Draft
from backend.language import tr_lazy

ShortLine = Annotated[str, Field(max_length=200)]
ShortLines = Annotated[tuple[ShortLine, ...], Field(max_length=20)]
ExamplePost = Annotated[str, Field(max_length=1000)]


class Persona(Draft):
    """How an influencer speaks: read by everything that writes texts for them.

    `audience`: who follows them. `do`, `dont`: what they always and never do. `never_say`: words and phrases that stand in no
    text of theirs. `examples`: posts of theirs as they wrote them; `sample_lines`: single lines that are typical of them.
    `voice_style`: id of a writing style that texts follow, or "".
    """

    bio: str = Field("", max_length=2000)
    audience: str = Field("", max_length=200)
    tone: str = Field("", max_length=300)
    style: str = Field("", max_length=300)
    topics: ShortLines = ()
    do: ShortLines = ()
    dont: ShortLines = ()
    never_say: ShortLines = ()
    examples: Annotated[tuple[ExamplePost, ...], Field(max_length=10)] = ()
    sample_lines: ShortLines = ()
    voice_style: str = Field("", max_length=64)


class InfluencerDraft(Draft):
    """Everything a person fills in. An empty trigger word is proposed from the name."""

    name: str
    trigger_word: str = ""
    persona: Persona = Persona()
    language: str = "en"
    time_zone: str = "UTC"
    look_prompt: str = Field("", max_length=1000)
    look_negative: str = Field("", max_length=1000)
    ai_mark: bool = True

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not 3 <= len(name) <= 80:
            raise ValueError(tr_lazy("The name must have 3 to 80 characters."))
        return name

    @field_validator("language")
    @classmethod
    def _language(cls, language: str) -> str:
        if language not in LANGUAGES:
            raise ValueError(tr_lazy("Choose one of the languages in the list."))
        return language

    @field_validator("time_zone")
    @classmethod
    def _time_zone(cls, zone: str) -> str:
        if zone not in time_zones():
            raise ValueError(tr_lazy("Choose one of the time zones in the list, for example Europe/Berlin."))
        return zone

    @model_validator(mode="before")
    @classmethod
    def _propose(cls, values: Any) -> Any:
        if isinstance(values, dict) and not str(values.get("trigger_word") or "").strip():
            return {**values, "trigger_word": propose_trigger_word(str(values.get("name", "")))}
        return values

    @field_validator("trigger_word")
    @classmethod
    def _trigger_word(cls, word: str) -> str:
        if not TRIGGER_WORD.fullmatch(word):
            raise ValueError(
                tr_lazy("The trigger word must be one word of 3 to 32 small letters, digits or _, for example bella_01.")
            )
        return word


@dataclass(frozen=True, slots=True)
class InfluencerCard:
    """An influencer as pages see it. `setup`: how far the wizard came. `version`: its revision, for `save`. `is_sample`: the
    one to play with, that is removed as a whole."""

    id: str
    name: str
    trigger_word: str
    persona: Persona
    language: str
    time_zone: str
    look_prompt: str
    look_negative: str
    default_lora_id: str | None
    default_lora_name: str | None
    default_lora_weight: float
    ai_mark: bool
    cover_asset_id: str | None
    setup: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    is_sample: bool = False

    def draft(self) -> InfluencerDraft:
        """The draft that an edit form starts with."""
        return InfluencerDraft(**{name: getattr(self, name) for name in InfluencerDraft.model_fields})


@dataclass(frozen=True, slots=True)
class InfluencerPage:
    cards: list[InfluencerCard]
    next_cursor: str | None
    total: int

"""Values of writing styles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.writing_styles.rules import LANGUAGES, MAX_TEXT_WORDS, MAX_TOPIC, RELIABLE_SOURCE_WORDS


class StyleProfile(BaseModel):
    """What was measured of a style's source. Rates are per 1,000 words, shares 0..1, lengths in words.

    `sentence`: mean, standard deviation, 10th, 50th and 90th percentile; `lengths`: share of sentences in each of
    `stylometry.BINS`. `person` and `tense`: shares of what was recognised, empty where the language is not known. `openings`:
    how sentences begin, with shares. `richness`: different words among 500. `apart`: 0..1, how often one of its own pages is
    told from another author's; None where that cannot be said.
    """

    model_config = ConfigDict(frozen=True)

    language: str = ""
    words: int = 0
    pages: int = 0
    sources: int = 0
    sentence: dict[str, float] = Field(default_factory=dict)
    lengths: tuple[float, ...] = ()
    paragraph: float = 0.0
    paragraph_sentences: float = 0.0
    word_letters: float = 0.0
    long_words: float = 0.0
    richness: float = 0.0
    punctuation: dict[str, float] = Field(default_factory=dict)
    contractions: float = 0.0
    person: dict[str, float] = Field(default_factory=dict)
    tense: dict[str, float] = Field(default_factory=dict)
    openings: tuple[tuple[str, float], ...] = ()
    little_words: tuple[tuple[str, float], ...] = ()
    excerpts: tuple[str, ...] = ()
    apart: float | None = None

    @property
    def has_little_source(self) -> bool:
        """Under this much source the rates are unsteady (docs/contracts/stylometry.md, 1)."""
        return self.words < RELIABLE_SOURCE_WORDS


class WritingStyleDraft(Draft):
    """`kept` False: it is retired when nobody uses it for a while. `model` "": the one of the settings."""

    name: str
    kept: bool = True
    model: str = Field("", max_length=200)

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not 3 <= len(name) <= 80:
            raise ValueError(tr_lazy("The name must have 3 to 80 characters."))
        return name


class StyleTextDraft(Draft):
    """A text to write. `language` "": that of the source. `variant`: 0, 1, … of the same topic; each differs."""

    topic: str
    words: int = 300
    language: str = ""
    variant: int = Field(0, ge=0, le=1000)

    @field_validator("topic")
    @classmethod
    def _topic(cls, topic: str) -> str:
        if not topic:
            raise ValueError(tr_lazy("Write what the text is about."))
        if len(topic) > MAX_TOPIC:
            raise ValueError(tr_lazy("Write what it is about in at most {most} characters.", most=MAX_TOPIC))
        return topic

    @field_validator("words")
    @classmethod
    def _words(cls, words: int) -> int:
        if not 20 <= words <= MAX_TEXT_WORDS:
            raise ValueError(tr_lazy("A text can have 20 to {most:,} words.", most=MAX_TEXT_WORDS))
        return words

    @field_validator("language")
    @classmethod
    def _language(cls, language: str) -> str:
        if language and language not in LANGUAGES:
            raise ValueError(tr_lazy("Choose one of these languages: {languages}.", languages=", ".join(sorted(LANGUAGES))))
        return language


class StyleTrainingPayload(BaseModel):
    style_id: str


class StyleWritingPayload(BaseModel):
    text_id: str


@dataclass(frozen=True, slots=True)
class StyleSourceCard:
    """A PDF of a style. `state`: waiting, read or refused (then `reason` is a sentence); `notes`: what was noticed."""

    id: str
    upload_id: str
    filename: str
    state: str
    reason: str
    notes: tuple[str, ...]
    pages: int
    words: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WritingStyleCard:
    """A writing style. `card` None: not trained yet. `job_id`: its last training, as long as jobs are remembered.

    `model` "": the one of the settings. `conversation_from`: when it was last reset; texts since then are its conversation.
    """

    id: str
    name: str
    kept: bool
    card: StyleProfile | None
    job_id: str | None
    trained_at: datetime | None
    last_activity_at: datetime
    created_at: datetime
    deleted_at: datetime | None
    model: str = ""
    conversation_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class StyleTextCard:
    """A text in a style. `text` "": not finished, `draft` is what has come so far. `score` 0..1; `shared_run`: words of the
    longest run shared with the source, `shared_words` those words.
    """

    id: str
    style_id: str
    job_id: str
    topic: str
    language: str
    words_wanted: int
    variant: int
    draft: str
    text: str
    words: int
    score: float | None
    shared_run: int
    shared_words: str
    notes: tuple[str, ...]
    model: str
    cost_usd: Decimal
    created_at: datetime
    finished_at: datetime | None

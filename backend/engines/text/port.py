"""The text port: a question in, words out, with what they cost. One question is one call that is paid once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from backend.engines.events import Alive, EngineStatus
from backend.engines.prompt_forms import NATURAL, PromptForm
from backend.errors import EngineError, Rejected

Use = Literal["planning", "writing", "cheap", "style", "vision"]
"""What the words are for; settings name a model for each."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What is wanted, in values, for a writer that reads no prompts. `language`: BCP 47; `variant`: 0, 1, … all differ.

    `n`: how many texts, or of a plan of days how many days; `first_day`: the plan's first. `most`: characters of a caption.
    `avoid`: words that may not stand in it. `kinds`: content types that a plan may use. `said`: what a person said in a talk;
    `recent`: topics of the latest posts, newest first. `goal`: conversation, saves, shares, clicks, sales, followers or "".
    `call_to_action`: what the reader is asked to do. `sponsor`: who pays for the post, and for what. `must_say`: words that the
    caption holds as they are. `hook_most`: characters of a hook. `prompts`: how the checkpoint that draws wants its picture
    prompts. `bio`: who they are, for topics where none is given.
    """

    topic: str
    language: str
    name: str = ""
    tone: str = ""
    topics: tuple[str, ...] = ()
    variant: int = 0
    n: int = 1
    most: int = 150
    avoid: tuple[str, ...] = ()
    first_day: int = 1
    kinds: tuple[str, ...] = ()
    bio: str = ""
    said: str = ""
    recent: tuple[str, ...] = ()
    goal: str = ""
    call_to_action: str = ""
    sponsor: str = ""
    must_say: tuple[str, ...] = ()
    hook_most: int = 80
    prompts: PromptForm = NATURAL


@dataclass(frozen=True, slots=True)
class StyleBrief:
    """A text of about `words` words in a measured manner, for a writer that reads no prompts.

    `sentence`: mean and standard deviation of its length in words; `paragraph`: words; `person`: I, we, you or they.
    `marks`: punctuation that is a habit (semicolon, dash, exclamation).
    """

    topic: str
    language: str
    words: int
    sentence: tuple[float, float] = (15.0, 7.0)
    paragraph: float = 80.0
    person: str = "I"
    marks: tuple[str, ...] = ()
    variant: int = 0


@dataclass(frozen=True, slots=True)
class TextRequest:
    """`answer`: the shape of a JSON answer, else plain text. `images`: encoded PNG, JPEG, WebP or GIF, shown with `question`.

    `before`: (question, answer) pairs of the talk so far, oldest first. `max_tokens` bounds the answer and what it can cost.
    """

    use: Use
    system: str
    question: str
    max_tokens: int = 500
    temperature: float = 0.8
    answer: type[BaseModel] | None = None
    images: tuple[bytes, ...] = ()
    before: tuple[tuple[str, str], ...] = ()
    brief: Brief | StyleBrief | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """The models that may answer, in order, and the most that one answer can cost (USD, by the dearest of them)."""

    models: tuple[str, ...]
    most_usd: Decimal


@dataclass(frozen=True, slots=True)
class Words:
    """Some more of the answer, as it comes; `text` "" while the model thinks.

    `generation_id`: to ask what it cost, should nobody read it to its end, or "".
    """

    text: str
    generation_id: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that has come to its end. `model`: who really answered. `cost_usd`: what it cost; of a `cached` one, what the
    first one cost; `estimated`: the server did not say, so it is the most that it can have cost.

    `ending`: whole; cut (the model had no more room); refused (by the model or a filter), then `refusal` may hold its words.
    `earlier`: answers to the same question that could not be used; they were paid all the same.
    """

    text: str
    model: str
    generation_id: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal = field(default=Decimal(0))
    cached: bool = False
    """From memory: nothing was paid for it now."""
    estimated: bool = False
    ending: Literal["whole", "cut", "refused"] = "whole"
    refusal: str = ""
    earlier: tuple[Reply, ...] = ()

    @property
    def paid_usd(self) -> Decimal:
        return (Decimal(0) if self.cached else self.cost_usd) + sum((one.paid_usd for one in self.earlier), Decimal(0))

    @property
    def generation_ids(self) -> tuple[str, ...]:
        """Of all answers that were paid, the oldest first."""
        return tuple(one.generation_id for one in (*self.earlier, self) if one.generation_id)


class ReplyLost(EngineError):
    """The question arrived, the answer did not: it may have been paid, so only a person asks it again.

    `generation_id`: to ask what it cost, or "". `cost_usd`: what it surely cost; None: not known.
    """

    code = "reply_lost"
    status = 502
    retryable = False

    def __init__(self, message: str, *, generation_id: str = "", cost_usd: Decimal | None = None, **data: Any) -> None:
        super().__init__(message, **data)
        self.generation_id, self.cost_usd = generation_id, cost_usd


class Unusable(Rejected):
    """An answer came and was paid, and cannot be kept. `reply`: that answer."""

    def __init__(self, message: str, reply: Reply, **data: Any) -> None:
        super().__init__(message, **data)
        self.reply = reply


class ModelRefused(Unusable):
    """The model, or a filter of its provider, does not want to answer this. Asking the same again is no use."""


class CutOff(Unusable):
    """The model had no more room: the answer ends in the middle."""


class Nothing(Unusable):
    """No words, or only the model's reasoning."""


class Unreadable(Unusable):
    """Not in the form that was asked for."""


class TextEngine(Protocol):
    """Closing the generator stops the answer (what was made of it may still be paid)."""

    name: str
    paid: bool
    """False: costs nothing, is no model."""

    def quote(self, request: TextRequest) -> Quote:
        """Before anything is sent. Raises Unsupported when no model with a known price is named for this use."""
        ...

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | Words, None, Reply]:
        """Raises ReplyLost, RateLimited, EngineUnavailable (nothing paid), Rejected, Unsupported."""
        ...

    def cost_of(self, generation_id: str) -> Decimal | None:
        """What a lost reply cost, USD; None: not known (yet). Raises EngineUnavailable."""
        ...

    def status(self, device: str = "") -> EngineStatus: ...

"""The text port: a request in, text out, with its cost. One request is one call, paid once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from backend.engines.ports.events import Alive, EngineStatus
from backend.engines.ports.prompt_forms import NATURAL, PromptForm
from backend.errors import EngineError, Rejected

Use = Literal["planning", "writing", "cheap", "style", "vision"]
"""What the text is for; settings name a model for each use."""


@dataclass(frozen=True, slots=True)
class Brief:
    """The request as values, for writers that do not read prompts. `language`: BCP 47; `variant`: 0, 1, … give different texts.

    `n`: how many texts, or how many days of ideas; `first_day`: the first of these. `most`: characters of a caption. `avoid`:
    words that must not occur. `kinds`: content types for ideas. `said`: the person's message in a chat; `recent`: topics of the
    latest posts, newest first. `goal`: conversation, saves, shares, clicks, sales, followers or "". `call_to_action`: what the
    reader is asked to do. `sponsor`: who pays for the post, and for what. `must_say`: words that the caption must contain
    verbatim. `hook_most`: characters of a hook. `prompts`: prompt format of the base model that draws. `bio`: source of topics
    where none is given.
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
    """A text of about `words` words in a measured style, for writers that do not read prompts.

    `sentence`: mean and standard deviation of sentence length in words; `paragraph`: words; `person`: I, we, you or they.
    `marks`: punctuation the author uses often (semicolon, dash, exclamation).
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

    `before`: (question, answer) pairs of the chat so far, oldest first. `max_tokens` bounds the answer and its cost.
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
    model: str = ""
    """Asked first; those of `use` answer when it cannot."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The models that may answer, in order, and the maximum cost of one answer (USD, for the most expensive of them)."""

    models: tuple[str, ...]
    most_usd: Decimal


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A piece of the answer as it arrives; `text` is "" while the model thinks.

    `generation_id`: to look up the cost if the answer is not read to its end, or "".
    """

    text: str
    generation_id: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer. `model`: the one that answered. `cost_usd`: its cost; for a `cached` answer, that of the original.
    `estimated`: the server did not report the cost, so it is the maximum.

    `ending`: whole; cut (token limit reached); refused (by the model or a filter; `refusal` may hold its text). `earlier`:
    unusable answers to the same request, which were paid too.
    """

    text: str
    model: str
    generation_id: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal = field(default=Decimal(0))
    cached: bool = False
    """From the cache: nothing was paid for it now."""
    estimated: bool = False
    ending: Literal["whole", "cut", "refused"] = "whole"
    refusal: str = ""
    input_usd: Decimal | None = None
    """The part of `cost_usd` for what was sent: servers report one amount, which is split as the model's prices split its token
    counts. None: not known."""
    earlier: tuple[Reply, ...] = ()

    @property
    def paid_usd(self) -> Decimal:
        return (Decimal(0) if self.cached else self.cost_usd) + sum((reply.paid_usd for reply in self.earlier), Decimal(0))

    @property
    def generation_ids(self) -> tuple[str, ...]:
        """The generations of all answers to this request, oldest first."""
        return tuple(reply.generation_id for reply in (*self.earlier, self) if reply.generation_id)


class ReplyLost(EngineError):
    """The request arrived but the answer was lost: it may have been paid, so it is not retried automatically.

    `generation_id`: to look up the cost, or "". `cost_usd`: the reported cost; None: unknown.
    """

    code = "reply_lost"
    status = 502
    retryable = False

    def __init__(self, message: str, *, generation_id: str = "", cost_usd: Decimal | None = None, **data: Any) -> None:
        super().__init__(message, **data)
        self.generation_id, self.cost_usd = generation_id, cost_usd


class UnusableAnswer(Rejected):
    """A paid answer that cannot be used. `reply`: that answer."""

    def __init__(self, message: str, reply: Reply, **data: Any) -> None:
        super().__init__(message, **data)
        self.reply = reply


class ModelRefused(UnusableAnswer):
    """The model, or a filter of its provider, refused. Sending the same request again is no use."""


class AnswerCutOff(UnusableAnswer):
    """The token limit was reached: the answer ends in the middle."""


class EmptyAnswer(UnusableAnswer):
    """No text, or only the model's reasoning."""


class UnreadableAnswer(UnusableAnswer):
    """Not in the requested format."""


class TextEngine(Protocol):
    """Closing the generator stops the answer (what was generated may still be paid)."""

    name: str
    paid: bool
    """False: free, without a language model."""

    def quote(self, request: TextRequest) -> Quote:
        """Models and maximum cost. Raises Unsupported when no model with a known price is set for this use."""
        ...

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | TextChunk, None, Reply]:
        """Raises ReplyLost, RateLimited, EngineUnavailable (nothing paid), Rejected, Unsupported."""
        ...

    def cost_of(self, generation_id: str) -> Decimal | None:
        """The cost of a lost reply in USD; None: not known (yet). Raises EngineUnavailable."""
        ...

    def status(self, device: str = "") -> EngineStatus: ...

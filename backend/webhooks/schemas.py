"""Values of webhooks, and where slices say what a message of theirs holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from backend.kit.drafts import Draft
from backend.kit.outgoing_client import Answer
from backend.webhooks.retries import retry_after_s

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backend.app import App

BodyBuilder = Callable[["App", "Session", str], Mapping[str, Any] | None]
"""(app, tx, job id) -> what is sent as JSON; None: nothing is to be sent."""
BODY_BUILDERS: dict[str, BodyBuilder] = {}
"""Kind of message -> its builder."""


def register_body(kind: str, build: BodyBuilder) -> None:
    """Says what messages of `kind` hold. It is called once, when the job has ended. By slices at import."""
    BODY_BUILDERS[kind] = build


KEEP_DAYS = 30.0
"""How long messages are kept after they ended."""
Name = Annotated[str, Field(min_length=2, max_length=80)]
Url = Annotated[str, Field(min_length=1, max_length=2000)]
EventNames = Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(max_length=200)]


class EndpointDraft(Draft):
    """`event_types`: names of the catalogue, or whole groups (`post.*`); empty: all."""

    name: Name
    url: Url
    event_types: EventNames = ()


class EndpointChange(Draft):
    """What is not given stays as it is. `active`: false pauses it."""

    name: Name | None = None
    url: Url | None = None
    event_types: EventNames | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class EndpointCard:
    """`state`: active, paused (by hand) or disabled (`disabled_reason`). `failing_since`: nothing was delivered since.
    `slow_until`: it is overloaded and left alone. `old_secret_until`: until when the secret before signs too, None when it does
    not."""

    id: str
    name: str
    url: str
    event_types: tuple[str, ...]
    state: str
    disabled_reason: str
    failing_since: datetime | None
    slow_until: datetime | None
    old_secret_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """`secret`: shown once, it is stored encrypted and never given out again."""

    card: EndpointCard
    secret: str


@dataclass(frozen=True, slots=True)
class MessageCard:
    """`state`: waiting (for its job), pending (to be sent at `next_at`), delivered or failed (given up). `last_status`: HTTP
    status of the latest answer, None: there was none, and `last_error` says why. `endpoint_id` None: to the operator's address.
    `url` None: the caller may not see it; owners see those of endpoints, operators their own. `event_position`: of the event
    that it tells of, None for tests and messages about jobs."""

    id: str
    kind: str
    url: str | None
    endpoint_id: str | None
    event_position: int | None
    job_id: str | None
    body: str
    state: str
    attempts: int
    next_at: datetime
    last_status: int | None
    last_error: str
    delivered_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryCard:
    """One try. `status` None: there was no answer, and `error` says why. `answer`: the beginning of its body."""

    id: str
    number: int
    status: int | None
    error: str
    answer: str
    latency_ms: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[MessageCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that this process is to send now. `attempts`: with this one. `sealed`: the endpoint's secret; `old_sealed`: the
    one before, while it signs too."""

    id: str
    tenant_id: str
    url: str
    body: str
    attempts: int
    endpoint_id: str | None
    sealed: bytes | None
    old_sealed: bytes | None

    @property
    def target(self) -> str:
        return self.endpoint_id or self.url


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What became of a try."""

    message: ClaimedMessage
    answer: Answer

    @property
    def error_text(self) -> str:
        """ "" after a delivery."""
        return "" if self.answer.is_success else self.answer.error or self.answer.text[:500]

    @property
    def summary(self) -> str:
        return self.answer.error or f"HTTP {self.answer.status}"

    @property
    def retry_after_s(self) -> float | None:
        return retry_after_s(self.answer.headers.get("retry-after", ""))

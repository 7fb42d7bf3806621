"""Values of webhooks, and where slices say what a message of theirs holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True, slots=True)
class MessageCard:
    """`state`: waiting (for its job), pending (to be sent at `next_at`), delivered or failed (given up). `last_status`: HTTP
    status of the latest answer, None: there was none, and `last_error` says why."""

    id: str
    kind: str
    url: str
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
class MessagePage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[MessageCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that this process is to send now. `attempts`: with this one."""

    id: str
    tenant_id: str
    url: str
    body: str
    attempts: int

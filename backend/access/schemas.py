"""The drafts that access takes and the cards that it returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from backend.access.scopes import checked_scopes
from backend.kit.drafts import Draft

Name = Annotated[str, Field(min_length=2, max_length=80)]
Scopes = Annotated[tuple[str, ...], AfterValidator(checked_scopes)]


class ApiKeyDraft(Draft):
    """A key to be made. `expires_at` null: never. `jobs_per_day`, `usd_per_month` null: no limit of its own."""

    name: Name
    scopes: Scopes
    expires_at: AwareDatetime | None = None
    jobs_per_day: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    usd_per_month: Annotated[Decimal, Field(ge=0, le=1_000_000)] | None = None


class ApiKeyChange(Draft):
    """What can be changed of a key: its name and its quotas. Fields that are not given stay as they are."""

    name: Name | None = None
    jobs_per_day: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    usd_per_month: Annotated[Decimal, Field(ge=0, le=1_000_000)] | None = None


@dataclass(frozen=True, slots=True)
class ApiKeyCard:
    """`hint`: how the key begins and ends. `state`: active, expired or revoked. `jobs_today`, `usd_this_month`: what it has
    used of its quotas."""

    id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    role: str
    state: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    jobs_per_day: int | None
    usd_per_month: Decimal | None
    jobs_today: int
    usd_this_month: Decimal


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """`secret`: the key itself, which is not stored and cannot be shown again."""

    card: ApiKeyCard
    secret: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """`expires_in_s`: of the access token; `refresh_expires_in_s`: of the refresh token, which can be used once."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    refresh_expires_in_s: int


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a valid access token says. The session and the role are checked anew by each transaction."""

    session_id: str
    user_id: str
    tenant_id: str

"""Values of calendar feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from backend.kit.drafts import Draft


class FeedDraft(Draft):
    """`name`: where it is read. `influencer_id` "": all influencers. `with_drafts`: also what nobody has approved yet."""

    name: Annotated[str, Field(min_length=1, max_length=60)] = "My calendar"
    influencer_id: Annotated[str, Field(max_length=80)] = ""
    with_drafts: bool = True


@dataclass(frozen=True, slots=True)
class FeedCard:
    """`influencer_name` "": all influencers. `last_read_at`: to the minute; None: never. `can_revoke`: by the caller."""

    id: str
    name: str
    influencer_id: str
    influencer_name: str
    with_drafts: bool
    last_four: str
    created_by: str
    created_at: datetime
    last_read_at: datetime | None
    can_revoke: bool


@dataclass(frozen=True, slots=True)
class NewFeed:
    """`address`: shown once; only its hash is stored."""

    card: FeedCard
    address: str

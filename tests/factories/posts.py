"""Plans with posts on sandbox channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from backend import channels, content_plans
from backend.channels import ChannelCard
from backend.content_plans import PlanCard, PlanDraft, RulesDraft, VariantDraft
from backend.db.tables import Channel
from backend.influencers import InfluencerCard
from backend.kit.clock import now
from backend.kit.ids import new_id
from tests.factories.making import make_asset, make_influencer


@dataclass(frozen=True, slots=True)
class Planner:
    """An influencer with a channel and a picture, and plans made with them."""

    influencer: InfluencerCard
    channel: ChannelCard
    asset_id: str

    def variant(self, **values: Any) -> VariantDraft:
        fields = {"channel_id": self.channel.id, "caption": "Good morning", "media": (self.asset_id,)}
        return VariantDraft(**{**fields, **values})

    def plan(
        self, tx: Session, *, wall: datetime | None = None, variants: tuple[VariantDraft, ...] | None = None, **more: Any
    ) -> PlanCard:
        draft = PlanDraft(
            **{
                "influencer_id": self.influencer.id,
                "topic": "Trams",
                "wall": wall,
                "variants": variants or (self.variant(),),
                **more,
            }
        )
        return content_plans.create(tx, draft, request_key=new_id("key"))


def make_planner(tx: Session, name: str = "Bella", *, policy: str = "auto", zone: str = "UTC") -> Planner:
    """`policy`: who reviews."""
    influencer = make_influencer(tx, name, time_zone=zone)
    channel = channels.add_sandbox(tx, influencer.id)
    content_plans.save_rules(tx, influencer.id, RulesDraft(policy=policy))  # type: ignore[arg-type]
    return Planner(influencer, channel, make_asset(tx, width=1024, height=1024))


def make_channel(tx: Session, influencer_id: str, platform: str = "instagram", name: str = "bella.travels") -> ChannelCard:
    """A connected channel without tokens."""
    row = Channel(id=new_id("chn"), influencer_id=influencer_id, platform=platform, name=name, account_id=new_id("acc"))
    tx.add(row)
    tx.flush()
    return channels.get(tx, row.id)


def local_time_ahead(*, days: float = 1, hours: float = 0) -> datetime:
    """A local time in UTC, this far ahead, rounded to the minute."""
    return (now() + timedelta(days=days, hours=hours)).replace(second=0, microsecond=0, tzinfo=None)

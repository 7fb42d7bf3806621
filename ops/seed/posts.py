"""Texts and posts of an influencer on a practice channel, over the last and the next weeks, in every state that lasts."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend import channels, content_plans, writing
from backend.content_plans import PAST_STATES, PlanDraft, RecurringTime, RulesDraft, VariantDraft
from backend.influencers import InfluencerCard
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.writing import TextParts, WriteOrder

WEEKS = 4
"""Before today, and after it."""
_CLOCKS = ((8, 30), (12, 15), (18, 30), (20, 0))
_PAST_STATES = (*("published",) * 2, "failed", *("published",) * 2, "missed", *("published",) * 6)
_NEXT_STATES = ("scheduled", "draft", "in_review", "scheduled", "on_hold", "scheduled")
_UNDATED_STATES = ("draft", "approved")
_UNDATED_SHARE = 10
"""One of so many has no date."""
_ERRORS = {
    "failed": tr_lazy("The platform did not take the picture: its file was too large there. Replace it or try again."),
    "missed": tr_lazy("It did not go out within 48 hours of its time, because its channel was switched off."),
}


@dataclass(frozen=True, slots=True)
class SeedText:
    topic: str
    caption: str
    hashtags: tuple[str, ...]


def add_texts(tx: Session, influencer: InfluencerCard, texts: Sequence[SeedText]) -> None:
    for text in texts:
        parts = TextParts(caption=text.caption, hashtags=tuple(f"#{word}" for word in text.hashtags))
        writing.create(tx, WriteOrder(influencer_id=influencer.id, topic=text.topic), parts)


def add_posts(
    tx: Session,
    influencer: InfluencerCard,
    texts: Sequence[SeedText],
    asset_ids: Sequence[str],
    count: int,
    dice: random.Random,
) -> None:
    """`count` posts: half of those with a date lie behind. Nothing of it was ever sent anywhere."""
    channel = channels.add_sandbox(tx, influencer.id)
    times = tuple(RecurringTime(weekday, "18:30") for weekday in (0, 2, 4))
    content_plans.save_rules(tx, influencer.id, RulesDraft(policy="all", slots=times))
    local_now = content_plans.to_local_time(now(), influencer.time_zone)
    plan_ids: defaultdict[str, list[str]] = defaultdict(list)
    undated = max(len(_UNDATED_STATES), count // _UNDATED_SHARE) if count > len(_UNDATED_STATES) else 0
    past = (count - undated) // 2
    for position in range(count):
        wall, state = _time_and_state(position, past=past, undated=undated, count=count, local_now=local_now)
        text = texts[position % len(texts)]
        media = dice.sample(asset_ids, k=min(len(asset_ids), dice.choice((1, 1, 1, 3))))
        variant = VariantDraft(
            channel_id=channel.id,
            caption=text.caption,
            hashtags=text.hashtags,
            media=tuple(media),
            alt_texts=dict.fromkeys(media, f"{influencer.name}: {text.topic}"),
        )
        draft = PlanDraft(influencer_id=influencer.id, topic=text.topic, wall=wall, variants=(variant,))
        plan_ids[state].append(content_plans.create(tx, draft, request_key=new_id("seed")).id)
    for past_state in PAST_STATES:
        content_plans.set_past_state(tx, plan_ids[past_state], past_state, error=_ERRORS.get(past_state, ""))
    content_plans.submit_for_review(tx, plan_ids["in_review"])
    content_plans.approve(tx, plan_ids["scheduled"] + plan_ids["approved"])
    content_plans.hold(tx, plan_ids["on_hold"])


def _time_and_state(position: int, *, past: int, undated: int, count: int, local_now: datetime) -> tuple[datetime | None, str]:
    """Local time and state of the post at this position: those that lie behind come first, those without a date last."""
    if position < past:
        return _local_time(local_now, -(past - position) / past, position), _PAST_STATES[position % len(_PAST_STATES)]
    ahead = count - undated - past
    if position < past + ahead:
        nth = position - past
        return _local_time(local_now, (nth + 1) / ahead, position), _NEXT_STATES[nth % len(_NEXT_STATES)]
    return None, _UNDATED_STATES[position % len(_UNDATED_STATES)]


def _local_time(local_now: datetime, share: float, position: int) -> datetime:
    """At one of the usual times of the day that lies by this share of WEEKS before or after today."""
    hour, minute = _CLOCKS[position % len(_CLOCKS)]
    days = round(share * WEEKS * 7) or (1 if share > 0 else -1)
    return (local_now + timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)

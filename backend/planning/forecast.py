"""What a series would come to: times, money, seconds; and what people ought to know before they start it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend import budgets, generation, influencers, writing
from backend.channels import ChannelCard
from backend.engines.platform.limits import PLATFORMS
from backend.generation import GenerationDraft
from backend.influencers import InfluencerCard
from backend.planning import service, tailoring
from backend.planning.schemas import Forecast, SeriesOrder
from backend.writing import A_WEEK, CONTENT_TYPES, IdeasOrder, WriteOrder

if TYPE_CHECKING:
    from backend.bootstrap import App

Transact = Callable[[], AbstractContextManager[Session]]
ASKED_S, OFFLINE_S = 12.0, 0.3
"""Seconds a post, roughly: a model answers one question and a part of another, the offline writer puts lines together."""


def forecast(app: App, transact: Transact, *, order: SeriesOrder) -> Forecast:
    """`transact` opens transactions of whoever looks; none may be open.

    Raises NotFound, Invalid (nothing is free, no channel), Unsupported (the writer does not know the language).
    """
    models = app.engines.image.models() if order.pictures else []
    with transact() as tx:
        who, channels = influencers.get(tx, order.influencer_id), service.chosen(tx, order)
        found, wished = service.places(tx, who, order)
        drawn, draw_s, ahead = 0, None, 0
        if models and any(tailoring.takes_pictures(one.platform, order.format) for one in channels):
            one = picture(order, channels[0].platform, "a picture", order.pictures)
            each = generation.plan(tx, drafts=[one], models=models)
            drawn, ahead = order.pictures * len(found), each.ahead
            draw_s = each.seconds * len(found) if each.seconds is not None else None
        usual, left = budgets.usual_usd(tx, "caption"), budgets.left_usd(budgets.costs(tx, app.settings))
    most = _most_usd(app, transact, order, len(found), channels[0].platform)
    exact = sum(one.wall.strftime("%H:%M") in order.clocks for one in found) if order.clocks else len(found)
    return Forecast(
        moments=tuple(found), left_out=wished - len(found), moved=len(found) - exact, pictures=drawn, most_usd=most,
        usual_usd=usual * len(found) if most is not None and usual is not None else None, left_usd=left,
        write_s=(OFFLINE_S if most is None else ASKED_S) * len(found), draw_s=draw_s, ahead=ahead,
        warnings=tuple(_warnings(who, channels, order, models)),
    )  # fmt: skip


def picture(order: SeriesOrder, platform: str, prompt: str, n: int) -> GenerationDraft:
    size = CONTENT_TYPES[tailoring.content_type(platform, order.format)].size
    return GenerationDraft(prompt=prompt, influencer_id=order.influencer_id, n=n, size=size)


def _most_usd(app: App, transact: Transact, order: SeriesOrder, n: int, platform: str) -> Decimal | None:
    kind = tailoring.content_type(platform, order.format)
    said = {"influencer_id": order.influencer_id, "content_type": kind, "style": order.style, "length": order.length}
    text = writing.estimate(app, transact, order=WriteOrder(topic="x" * 100, **said))
    if text is None:
        return None
    weeks, rest = divmod(max(0, n - len(order.topics)), A_WEEK)
    thought = Decimal(0)
    for days, times in ((A_WEEK, weeks), (rest, 1)):
        if days and times:
            ideas = writing.estimate_ideas(app, transact, order=IdeasOrder(days=days, kinds=(kind,), **said))
            thought += (ideas or Decimal(0)) * times
    return text * n + thought


def _warnings(who: InfluencerCard, channels: Sequence[ChannelCard], order: SeriesOrder, models: Sequence[object]) -> list[str]:
    found = []
    if order.pictures and not models:
        found.append("Nothing can draw right now, so the posts come without pictures. The System page says what is missing.")
    elif order.pictures and not who.default_lora_id:
        found.append(f"{who.name} has no LoRA yet: the pictures will not show their face. Train one, and choose it for them.")
    for one in channels:
        if one.state != "connected":
            found.append(f"{one.label} is not connected: its posts wait until it is.")
        if not tailoring.takes_pictures(one.platform, order.format):
            found.append(f"{PLATFORMS[one.platform].label} takes videos only: the posts for {one.name} wait for one.")
        elif order.format == "story" and "story" not in PLATFORMS[one.platform].formats:
            found.append(f"{PLATFORMS[one.platform].label} has no stories: {one.name} gets pictures.")
        if PLATFORMS[one.platform].privacy == "by hand" and not order.privacy.get(one.id):
            found.append(
                f"{PLATFORMS[one.platform].label} wants “who can see it” chosen for each post, before it is scheduled."
            )
    return list(dict.fromkeys(found))

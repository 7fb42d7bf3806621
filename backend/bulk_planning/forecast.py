"""What a series would come to: times, money, seconds; and what people ought to know before they start it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend import budgets, generation, identity, influencers, jobs, writing
from backend.bulk_planning import platform_adaptation, service
from backend.bulk_planning.schemas import Forecast, SeriesOrder
from backend.channels import ChannelCard
from backend.engines.identity.rules import MIN_REFERENCES
from backend.engines.image.port import ModelCard
from backend.generation import GenerationDraft
from backend.influencers import InfluencerCard
from backend.platforms.limits import PLATFORMS
from backend.writing import CONTENT_TYPES, IDEAS_PER_CALL, MAX_TOPIC, IdeasOrder, WriteOrder

if TYPE_CHECKING:
    from backend.bootstrap import App

Transact = Callable[[], AbstractContextManager[Session]]
HANDED_ON_S = 0.3
"""Between the jobs of a post: its pictures are asked for, drawn, and put into it."""
WITH_LORA, WITHOUT_LORA = 0.95, 0.05
"""Share of pictures that look like an influencer, before any of theirs was scored."""
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
        filled = len(service.filled_days(tx, who, order))
        drawn, draw_s, load_s, ahead = 0, None, 0.0, 0
        if models and any(platform_adaptation.takes_pictures(one.platform, order.format) for one in channels):
            one = picture(order, channels[0].platform, "a picture", order.pictures, models)
            each = generation.preview(tx, drafts=[one], models=models)
            drawn, ahead, load_s = order.pictures * len(found), each.ahead, each.load_s
            if each.seconds is not None:  # loaded once, for the first of them
                times = _times_drawn(app, tx, who, order, models[0].base)
                draw_s = load_s + (each.seconds - load_s + HANDED_ON_S * jobs.slowdown(tx)) * len(found) * times
        usual, left = budgets.mean_usd(tx, "caption"), budgets.remaining_usd(budgets.costs(tx, app.settings))
    most = _most_usd(app, transact, order, len(found), channels[0].platform)
    exact = sum(one.wall.strftime("%H:%M") in order.clocks for one in found) if order.clocks else len(found)
    return Forecast(
        moments=tuple(found), left_out=wished - len(found), filled=filled, moved=len(found) - exact, pictures=drawn,
        most_usd=most,
        usual_usd=usual * len(found) if most is not None and usual is not None else None, left_usd=left,
        write_s=(OFFLINE_S if most is None else ASKED_S) * len(found), draw_s=draw_s, ahead=ahead,
        load_s=load_s, warnings=tuple(_warnings(who, channels, order, models)),
    )  # fmt: skip


def _times_drawn(app: App, tx: Session, who: InfluencerCard, order: SeriesOrder, base: str) -> float:
    """How often a picture is drawn on average: again while it does not look like them, `redraw` times at most."""
    engine = app.engines.identity
    if not order.redraw or not engine.embedder or engine.refuses(base):
        return 1.0
    passed = generation.pass_rate(tx, who.id)
    if passed is None:
        known = identity.profile(tx, who.id, engine=engine)
        scored = known.gate != "off" and (known.calibrated_line is not None or known.candidates >= MIN_REFERENCES)
        passed = 1.0 if not scored else WITH_LORA if who.default_lora_id else WITHOUT_LORA
    missed = 1.0 - passed
    return sum(missed**n for n in range(order.redraw + 1))


def picture(order: SeriesOrder, platform: str, prompt: str, n: int, models: Sequence[ModelCard]) -> GenerationDraft:
    size = generation.default_size(models, CONTENT_TYPES[platform_adaptation.content_type(platform, order.format)].size)
    return GenerationDraft(prompt=prompt, influencer_id=order.influencer_id, n=n, size=size)


def _most_usd(app: App, transact: Transact, order: SeriesOrder, n: int, platform: str) -> Decimal | None:
    kind = platform_adaptation.content_type(platform, order.format)
    said = {
        "influencer_id": order.influencer_id, "content_type": kind, "style": order.style, "length": order.length,
        "goal": order.goal, "audience": order.audience, "call_to_action": order.call_to_action,
    }  # fmt: skip
    longest = "\U0001f600" * MAX_TOPIC  # in bytes
    text = writing.estimate_texts(app, transact, order=WriteOrder(topic=longest, publish_on=order.first, **said))
    if text is None:
        return None
    weeks, rest = divmod(max(0, n - len(order.topics)), IDEAS_PER_CALL)
    thought = Decimal(0)
    for days, times in ((IDEAS_PER_CALL, weeks), (rest, 1)):
        if days and times:
            ideas = writing.estimate_ideas(app, transact, order=IdeasOrder(days=days, kinds=(kind,), first=order.first, **said))
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
        if not platform_adaptation.takes_pictures(one.platform, order.format):
            found.append(f"{PLATFORMS[one.platform].label} takes videos only: the posts for {one.name} wait for one.")
        elif order.format == "story" and "story" not in PLATFORMS[one.platform].formats:
            found.append(f"{PLATFORMS[one.platform].label} has no stories: {one.name} gets pictures.")
        if PLATFORMS[one.platform].privacy == "by hand" and not order.privacy.get(one.id):
            found.append(
                f"{PLATFORMS[one.platform].label} wants “who can see it” chosen for each post, before it is scheduled."
            )
    return list(dict.fromkeys(found))

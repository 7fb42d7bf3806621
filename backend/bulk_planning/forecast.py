"""Forecast of a series before it is started: times, cost, duration and warnings."""

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
from backend.engines.ports.identity_rules import MIN_REFERENCES
from backend.engines.ports.image import ModelCard
from backend.generation import GenerationDraft
from backend.influencers import InfluencerCard
from backend.language import tr_lazy
from backend.platforms.registry import PLATFORMS
from backend.writing import CONTENT_TYPES, IDEAS_PER_CALL, MAX_TOPIC, IdeasOrder, ScriptOrder, WriteOrder

if TYPE_CHECKING:
    from backend.app import App

Transact = Callable[[], AbstractContextManager[Session]]
HANDOVER_S = 0.3
"""Seconds that pass between the jobs of one post (request, drawing, attaching), on a machine of reference speed."""
PASS_RATE_WITH_LORA, PASS_RATE_WITHOUT_LORA = 0.95, 0.05
"""Assumed share of pictures that look like an influencer, while none of theirs was scored."""
PAID_WRITE_S, OFFLINE_WRITE_S = 12.0, 0.3
"""Rough seconds a post: a language model answers one call and a share of the ideas call; the offline one joins lines."""


def forecast(app: App, transact: Transact, *, order: SeriesOrder) -> Forecast:
    """`transact` opens transactions of the caller; none may be open now.

    Raises NotFound, Invalid (no free time, no channel), Unsupported (the writer does not know the language).
    """
    models = app.engines.image.models() if order.pictures else []
    with transact() as tx:
        influencer, channels = influencers.get(tx, order.influencer_id), service.chosen_channels(tx, order)
        times, requested = service.free_times(tx, influencer, order)
        filled_count = len(service.filled_days(tx, influencer, order))
        picture_count, draw_s, load_s, jobs_ahead = 0, None, 0.0, 0
        if models and any(platform_adaptation.takes_files(channel.platform, order.format) for channel in channels):
            a_post = order.pictures if order.format != "reel" else _script_order(order).scenes
            draft = picture_draft(order, channels[0].platform, "a picture", a_post, models)
            generation_plan = generation.preview(tx, drafts=[draft], models=models)
            picture_count, jobs_ahead, load_s = a_post * len(times), generation_plan.ahead, generation_plan.load_s
            if generation_plan.seconds is not None:  # the model is loaded once, for the first picture
                mean_draws = _mean_draws(app, tx, influencer, order, models[0].base)
                draw_s = load_s + (generation_plan.seconds - load_s + HANDOVER_S * jobs.slowdown(tx)) * len(times) * mean_draws
        mean_usd, remaining_usd = budgets.mean_usd(tx, "caption"), budgets.remaining_usd(budgets.costs(tx, app.settings))
    max_usd = _max_usd(app, transact, order, len(times), channels[0].platform)
    as_requested = sum(time.wall.strftime("%H:%M") in order.clocks for time in times) if order.clocks else len(times)
    return Forecast(
        moments=tuple(times),
        left_out=requested - len(times),
        filled=filled_count,
        moved=len(times) - as_requested,
        pictures=picture_count,
        most_usd=max_usd,
        usual_usd=mean_usd * len(times) if max_usd is not None and mean_usd is not None else None,
        left_usd=remaining_usd,
        write_s=(OFFLINE_WRITE_S if max_usd is None else PAID_WRITE_S) * len(times),
        draw_s=draw_s,
        ahead=jobs_ahead,
        load_s=load_s,
        warnings=tuple(_warnings(influencer, channels, order, models)),
    )


def _mean_draws(app: App, tx: Session, influencer: InfluencerCard, order: SeriesOrder, base: str) -> float:
    """How often a picture is drawn on average: again while it does not look like the influencer, at most `redraw` times."""
    engine = app.engines.identity
    if order.format == "reel" or not order.redraw or not engine.embedder or engine.unsupported_reason(base):
        return 1.0
    pass_rate = generation.pass_rate(tx, influencer.id)
    if pass_rate is None:
        profile = identity.profile(tx, influencer.id, engine=engine)
        scored = profile.gate != "off" and (profile.calibrated_line is not None or profile.candidates >= MIN_REFERENCES)
        pass_rate = 1.0 if not scored else PASS_RATE_WITH_LORA if influencer.default_lora_id else PASS_RATE_WITHOUT_LORA
    miss_rate = 1.0 - pass_rate
    return sum(miss_rate**n for n in range(order.redraw + 1))


def picture_draft(order: SeriesOrder, platform: str, prompt: str, n: int, models: Sequence[ModelCard]) -> GenerationDraft:
    size = generation.default_size(models, CONTENT_TYPES[platform_adaptation.content_type(platform, order.format)].size)
    return GenerationDraft(prompt=prompt, influencer_id=order.influencer_id, n=n, size=size)


def _max_usd(app: App, transact: Transact, order: SeriesOrder, n: int, platform: str) -> Decimal | None:
    content_type = platform_adaptation.content_type(platform, order.format)
    common = {
        "influencer_id": order.influencer_id,
        "content_type": content_type,
        "style": order.style,
        "length": order.length,
        "goal": order.goal,
        "audience": order.audience,
        "call_to_action": order.call_to_action,
    }
    longest_topic = "\U0001f600" * MAX_TOPIC  # the longest topic in bytes, for an upper bound of the cost
    text_usd = writing.estimate_texts(app, transact, order=WriteOrder(topic=longest_topic, publish_on=order.first, **common))
    if text_usd is None:
        return None
    weeks, rest = divmod(max(0, n - len(order.topics)), IDEAS_PER_CALL)
    ideas_usd = Decimal(0)
    for days, weeks_of_days in ((IDEAS_PER_CALL, weeks), (rest, 1)):
        if days and weeks_of_days:
            ideas = writing.estimate_ideas(
                app, transact, order=IdeasOrder(days=days, kinds=(content_type,), first=order.first, **common)
            )
            ideas_usd += (ideas or Decimal(0)) * weeks_of_days
    return text_usd * n + ideas_usd + _max_scripts_usd(app, transact, order, n)


def _script_order(order: SeriesOrder) -> ScriptOrder:
    return ScriptOrder(influencer_id=order.influencer_id, topic="a topic", style=order.style, seconds=order.reel_seconds)


def _max_scripts_usd(app: App, transact: Transact, order: SeriesOrder, n: int) -> Decimal:
    if order.format != "reel" or not order.pictures:
        return Decimal(0)
    longest = _script_order(order).model_copy(update={"topic": "\U0001f600" * MAX_TOPIC, "hook": "\U0001f600" * 500})
    return (writing.estimate_script(app, transact, order=longest) or Decimal(0)) * n


def _warnings(
    influencer: InfluencerCard, channels: Sequence[ChannelCard], order: SeriesOrder, models: Sequence[object]
) -> list[str]:
    warnings = []
    if order.pictures and not models:
        warnings.append(
            tr_lazy("No image model is ready, so the posts come without pictures. The System page says what is missing.")
        )
    elif order.pictures and not influencer.default_lora_id:
        warnings.append(
            tr_lazy(
                "{name} has no LoRA yet: the pictures will not show their face. Train one, and choose it for them.",
                name=influencer.name,
            )
        )
    for channel in channels:
        if channel.state != "connected":
            warnings.append(tr_lazy("{channel} is not connected: its posts wait until it is.", channel=channel.label))
        if not platform_adaptation.takes_files(channel.platform, order.format):
            platform = PLATFORMS[channel.platform].label
            warnings.append(
                tr_lazy(
                    "{platform} takes pictures only: the posts for {channel} wait for one.",
                    platform=platform,
                    channel=channel.name,
                )
                if order.format == "reel"
                else tr_lazy(
                    "{platform} takes videos only: the posts for {channel} wait for one.",
                    platform=platform,
                    channel=channel.name,
                )
            )
        elif order.format == "story" and "story" not in PLATFORMS[channel.platform].formats:
            warnings.append(
                tr_lazy(
                    "{platform} has no stories: {channel} gets pictures.",
                    platform=PLATFORMS[channel.platform].label,
                    channel=channel.name,
                )
            )
        if PLATFORMS[channel.platform].privacy == "by hand" and not order.privacy.get(channel.id):
            warnings.append(
                tr_lazy(
                    "{platform} wants “who can see it” chosen for each post, before it is scheduled.",
                    platform=PLATFORMS[channel.platform].label,
                )
            )
    return list(dict.fromkeys(warnings))

"""The jobs of bulk planning. One writes ideas, then text after text, each saved as a draft at once; another one for each draft
makes its pictures (`post_pictures`).

Every answer of a model and every draft is a step: whatever dies, no text is paid for twice and no draft exists twice. What is
done stays when the budget is used up or somebody cancels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from backend import accounts, content_plans, identity, influencers, jobs, writing
from backend.budgets import OverBudget
from backend.bulk_planning import platform_adaptation, service, slots
from backend.bulk_planning.post_motion import run as run_motion
from backend.bulk_planning.post_pictures import run as run_picture
from backend.bulk_planning.post_reels import run as run_reel
from backend.bulk_planning.post_words import run as run_words
from backend.bulk_planning.schemas import PicturePayload, ReelPayload, SeriesOrder, SeriesPayload
from backend.channels import ChannelCard
from backend.content_plans import PlanDraft
from backend.engines.ports.image import ModelCard
from backend.engines.ports.text import ReplyLost, UnusableAnswer
from backend.errors import Cancelled, Rejected
from backend.influencers import InfluencerCard
from backend.jobs.context import JobContext, no_work
from backend.kit.clock import now
from backend.language import Reader, joined, reading, tr_lazy, worded
from backend.writing import CONTENT_TYPES, IDEAS_PER_CALL, CheckedText, IdeasOrder, LlmCost, WriteOrder

__all__ = ["run_motion", "run_picture", "run_reel", "run_series", "run_words"]
_OFFLINE = tr_lazy("Put together by the offline writer: no language model is set.")


@dataclass(frozen=True, slots=True)
class _SeriesRun:
    """What stays the same during a run. `local_times`: those that were free when it began. `draws`: pictures are made."""

    ctx: JobContext
    order: SeriesOrder
    influencer: InfluencerCard
    channels: Sequence[ChannelCard]
    local_times: Sequence[datetime]
    draws: bool

    @property
    def content_type(self) -> str:
        return platform_adaptation.content_type(self.channels[0].platform, self.order.format)


def run_series(ctx: JobContext, payload: SeriesPayload) -> dict[str, Any]:
    """Result: {posts, contentPlanIds, undated, unwritten, cost, model, pictures}, and `reasons` where posts are unwritten."""
    order = payload.order
    ctx.progress(0, 0, tr_lazy("looking for free times"))
    times = ctx.write_step("times", no_work, lambda tx, _: _free_times(tx, payload)) or {}
    with ctx.transaction() as tx:
        influencer, channels = influencers.get(tx, order.influencer_id), service.chosen_channels(tx, order)
    local_times = [datetime.fromisoformat(text) for text in times["walls"]]
    takes_files = any(platform_adaptation.takes_files(channel.platform, order.format) for channel in channels)
    if order.pictures:
        ctx.write_step("identity", ctx.app.engines.image.models, lambda tx, models: _start_calibration(tx, ctx, order, models))
    draws = bool(
        order.pictures and takes_files and ctx.step("models", lambda: {"n": len(ctx.app.engines.image.models())}) != {"n": 0}
    )
    run = _SeriesRun(ctx, order, influencer, channels, local_times, draws)
    topics, results = _Topics(run), list[Mapping[str, Any]]()
    for n in range(len(local_times)):
        ctx.progress(n, len(local_times), tr_lazy("writing posts"))
        try:
            results.append(_write_in_step(run, topics, n))
        except OverBudget as error:
            written_count = sum(bool(result["plan_id"]) for result in results)
            raise OverBudget(_over_budget_message(written_count, len(local_times), error.message)) from error
    ctx.progress(len(local_times), len(local_times), tr_lazy("drawing"))
    ctx.wait_for_children()
    written = [result for result in results if result["plan_id"]]
    reasons = list(dict.fromkeys(result["why"] for result in results if result.get("why")))
    return {
        "posts": len(written),
        "contentPlanIds": [result["plan_id"] for result in written],
        "undated": sum(not result["dated"] for result in written),
        "unwritten": len(results) - len(written),
        "cost": float(sum(Decimal(result["usd"]) for result in results)),
        "model": next((result["model"] for result in written), ""),
        "pictures": order.pictures * len(written) if draws else 0,
        **({"reasons": reasons} if reasons else {}),
    }


def _over_budget_message(written: int, total: int, reason: str) -> str:
    stays = (
        tr_lazy("{n} of {total} posts are on the calendar and stay.", n=written, total=total)
        if written
        else tr_lazy("No post was written.")
    )
    return joined(stays, reason, tr_lazy("Then try again: it continues where it stopped."))


def _free_times(tx: Session, payload: SeriesPayload) -> dict[str, Any]:
    order = service.first_open(tx, payload.order, payload.latest_first)
    times, _ = service.free_times(tx, influencers.get(tx, order.influencer_id), order)
    return {"walls": [time.wall.isoformat() for time in times]}


def _start_calibration(tx: Session, ctx: JobContext, order: SeriesOrder, models: Sequence[ModelCard]) -> dict[str, Any]:
    """Starts the calibration of their face match before the first picture: without scores nothing can be drawn again."""
    job = (
        identity.calibrate_on_first_use(tx, order.influencer_id, base=models[0].base, engine=ctx.app.engines.identity)
        if models
        else None
    )
    return {"job_id": job.id if job else ""}


class _Topics:
    """Topics of the posts: those given by people first, then ideas of the writer, a week at a time."""

    def __init__(self, run: _SeriesRun) -> None:
        self._run, self._ideas, self._costs = run, dict[int, Any](), dict[int, LlmCost]()

    def ideas_cost(self, n: int) -> LlmCost:
        """Cost of the ideas call made for post `n` (zero if there was none), so that each call is counted with one post."""
        return self._costs.get(n, LlmCost())

    def topic_of(self, n: int) -> tuple[str, str, str]:
        """(topic, hook, picture) of post `n`; hook and picture are empty where a person gave the topic."""
        order = self._run.order
        if n < len(order.topics):
            return order.topics[n], "", ""
        first = n - (n - len(order.topics)) % IDEAS_PER_CALL
        if first not in self._ideas:
            self._ideas[first] = self._ask_for_ideas(first)
        idea = self._ideas[first].get(n + 1)
        if idea is None:  # the model left this day out
            return self._own_topic(n), "", ""
        return " ".join((idea.topic or idea.hook).split())[:200] or self._own_topic(n), idea.hook, idea.picture

    def _own_topic(self, n: int) -> str:
        influencer = self._run.influencer
        own_topics = writing.default_topics(influencer)
        return own_topics[n % len(own_topics)]

    def _ask_for_ideas(self, first: int) -> dict[int, Any]:
        run = self._run
        n = min(IDEAS_PER_CALL, len(run.local_times) - first)
        order = IdeasOrder(
            influencer_id=run.influencer.id,
            content_type=run.content_type,
            kinds=(run.content_type,),
            days=n,
            style=run.order.style,
            goal=run.order.goal,
            audience=run.order.audience,
        )
        with run.ctx.transaction() as tx:
            context = writing.load_context(tx, run.influencer.id, writing.default_prompt_form(run.ctx.app))
        earlier_ideas = [
            *context.recent,
            *run.order.topics,
            *(idea.hook for week in self._ideas.values() for idea in week.values()),
        ]
        ask = writing.ask_in_steps(run.ctx, "ideas", run.influencer.id)
        dates = {at + 1: run.local_times[at].date() for at in range(first, first + n)}
        checked_ideas, cost = writing.generate_ideas(
            ask, context, order, first=first + 1, n=n, earlier_hooks=earlier_ideas[-2 * IDEAS_PER_CALL :], dates=dates
        )
        self._costs[first] = cost
        return {checked.idea.day: checked.idea for checked in checked_ideas}


@dataclass(frozen=True, slots=True)
class _WrittenPost:
    """The text of a post and what it cost, before its draft is on the calendar."""

    order: WriteOrder
    composed: CheckedText
    cost: LlmCost


@dataclass(frozen=True, slots=True)
class _UnwrittenPost:
    """A post for which there is no text. `cost`: of the answers that were of no use."""

    cost: LlmCost
    reason: str


def _write_in_step(run: _SeriesRun, topics: _Topics, n: int) -> Mapping[str, Any]:
    """Writes post `n` and creates its draft. Result: {plan_id: "" if unwritten, dated, usd, model}, `why` if unwritten."""
    result = run.ctx.write_step(
        f"draft-{n}",
        lambda: _write_post(run, topics, n),
        lambda tx, post: _save_post(tx, run, n, post),
    )
    return result or {}


def _write_post(run: _SeriesRun, topics: _Topics, n: int) -> _WrittenPost | _UnwrittenPost:
    topic, hook, picture = topics.topic_of(n)
    order = WriteOrder(
        influencer_id=run.influencer.id,
        content_type=run.content_type,
        topic=topic,
        style=run.order.style,
        length=run.order.length,
        publish_on=run.local_times[n].date(),
        goal=run.order.goal,
        audience=run.order.audience,
        call_to_action=run.order.call_to_action,
    )
    with run.ctx.transaction() as tx:
        context = writing.load_context(tx, run.influencer.id, writing.default_prompt_form(run.ctx.app))
    paid = run.ctx.app.engines.text.paid
    hooked_order = order.model_copy(update={"topic": f"{topic}. It begins: {hook}"[:200]}) if hook and paid else order
    try:
        (composed, *_), cost = writing.compose_texts(
            writing.ask_in_steps(run.ctx, "caption", run.influencer.id, prefix=f"{n}-"), context, hooked_order
        )
    except (Rejected, ReplyLost) as error:  # one failed post does not stop the others, unless it is the first
        if n == 0:
            raise
        run.ctx.log(tr_lazy("Post {n} was not written: {reason}", n=n + 1, reason=error.message), level="error")
        spent = writing.llm_cost_of(error.reply) if isinstance(error, UnusableAnswer) else LlmCost()
        return _UnwrittenPost(topics.ideas_cost(n) + spent, error.message)
    idea_parts = {name: value for name, value in (("hook", hook[:500]), ("picture", picture[:2000])) if value}
    with_idea = CheckedText(composed.parts.model_copy(update=idea_parts), composed.notes)
    return _WrittenPost(order, with_idea, topics.ideas_cost(n) + cost)


def _save_post(tx: Session, run: _SeriesRun, n: int, post: _WrittenPost | _UnwrittenPost) -> dict[str, Any]:
    if isinstance(post, _UnwrittenPost):
        return {"plan_id": "", "dated": False, "usd": str(post.cost.usd), "model": post.cost.model, "why": post.reason}
    return _create_draft(tx, run, post.order, post.composed, post.cost, n)


def _create_draft(
    tx: Session, run: _SeriesRun, order: WriteOrder, composed: CheckedText, cost: LlmCost, n: int
) -> dict[str, Any]:
    ctx = run.ctx
    content_plans.lock_calendar(tx, run.influencer.id)
    if jobs.get(tx, ctx.job_id).cancel_requested:
        raise Cancelled(tr_lazy("Cancelled as asked."))
    text = writing.save_texts(tx, order, [composed], cost, job_id=ctx.job_id)[0]
    writing.set_state(tx, text.id, "used")
    local_time = _free_time_near(tx, run, run.local_times[n])
    parts, offsets = text.parts, service.channel_offsets(run.order)
    variants = tuple(
        content_plans.adapt_text(
            channel.id,
            channel.platform,
            platform_adaptation.choose_format(channel.platform, run.order.format),
            parts,
            ai_mark=run.influencer.ai_mark,
            after_minutes=int(offsets[channel.id].total_seconds() // 60),
            privacy=run.order.privacy.get(channel.id, ""),
        )
        for channel in run.channels
    )
    draft = PlanDraft(
        influencer_id=run.influencer.id,
        topic=(parts.hook or order.topic)[:300],
        notes=_plan_notes(run, accounts.reader_of(tx, run.ctx.user_id), composed, local_time),
        wall=local_time,
        zone=run.influencer.time_zone,
        variants=variants,
    )
    plan = content_plans.create(tx, draft, request_key=f"{ctx.job_id}:{n}", text_id=text.id)
    if run.draws and run.order.format == "reel":
        reel = ReelPayload(
            plan_id=plan.id,
            influencer_id=run.influencer.id,
            topic=order.topic,
            hook=parts.hook,
            style=order.style,
            seconds=run.order.reel_seconds,
        )
        jobs.enqueue(
            tx,
            kind=service.REEL_KIND,
            payload=reel,
            title=tr_lazy("Reel of “{title}”", title=plan.title[:60]),
            parent_id=ctx.job_id,
            request_key=f"{ctx.job_id}/reel-{n}",
            subject=("influencer", run.influencer.id),
        )
    elif run.draws:
        payload = PicturePayload(
            plan_id=plan.id,
            text_id=text.id,
            influencer_id=run.influencer.id,
            prompt=parts.picture or order.topic,
            alt_text=parts.alt_text,
            n=run.order.pictures,
            size=CONTENT_TYPES[run.content_type].size,
            redraw=run.order.redraw,
        )
        jobs.enqueue(
            tx,
            kind=service.PICTURE_KIND,
            payload=payload,
            title=tr_lazy("Picture of “{title}”", title=plan.title[:60]),
            parent_id=ctx.job_id,
            request_key=f"{ctx.job_id}/picture-{n}",
            subject=("influencer", run.influencer.id),
        )
    return {"plan_id": plan.id, "dated": local_time is not None, "usd": str(cost.usd), "model": cost.model}


def _free_time_near(tx: Session, run: _SeriesRun, local_time: datetime) -> datetime | None:
    """The time itself, or the nearest free one of that day if it was taken meanwhile; None: the day is full."""
    times = slots.find_free_times(
        [local_time],
        run.influencer.time_zone,
        after=now(),
        taken=content_plans.taken_times(tx, run.influencer.id),
        apart_minutes=content_plans.get_rules(tx, run.influencer.id).gap_minutes,
        offsets=service.channel_offsets(run.order),
    )
    return times[0].wall if times else None


def _plan_notes(run: _SeriesRun, reader: Reader, composed: CheckedText, local_time: datetime | None) -> str:
    """In the language of whoever ordered the plan: people go on writing in them, so they are stored as text."""
    notes: list[str] = [] if run.ctx.app.engines.text.paid else [_OFFLINE]
    notes += [note.sentence for note in composed.notes if not note.repaired]
    notes += [tr_lazy("Its time was taken meanwhile. Choose another one.")] if local_time is None else []
    notes += [tr_lazy("Picture idea: {idea}", idea=composed.parts.picture)]
    notes += [tr_lazy("Alt text: {text}", text=composed.parts.alt_text)]
    with reading(reader):
        return "\n".join(map(worded, notes))[:4000]

"""The jobs of bulk planning. One writes ideas, then text after text, each saved as a draft at once; another one for each draft
makes its pictures.

Every answer of a model and every draft is a step: whatever dies, no text is paid for twice and no draft exists twice. What is
done stays when the budget is used up or somebody cancels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from backend import content_plans, generation, identity, influencers, jobs, writing
from backend.budgets import OverBudget
from backend.bulk_planning import platform_adaptation, service, slots
from backend.bulk_planning.schemas import PicturePayload, SeriesOrder, SeriesPayload
from backend.channels import ChannelCard
from backend.content_plans import PlanDraft
from backend.engines.identity.rules import passes
from backend.engines.text.port import ReplyLost, UnusableAnswer
from backend.errors import Cancelled, NotFound, Rejected
from backend.generation import GenerationDraft, PictureCard
from backend.influencers import InfluencerCard
from backend.jobs.context import JobContext
from backend.kit.clock import now
from backend.writing import CONTENT_TYPES, IDEAS_PER_CALL, CheckedText, IdeasOrder, LlmCost, WriteOrder

_OFFLINE = "Put together by the offline writer: no language model is set."


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
    """Result: {posts, undated, unwritten, cost, model, pictures}, and `reasons` where posts are unwritten."""
    order = payload.order
    ctx.progress(0, 0, "looking for free times")
    times = ctx.step("times", lambda: partial(_free_times, order)) or {}
    with ctx.transaction() as tx:
        influencer, channels = influencers.get(tx, order.influencer_id), service.chosen_channels(tx, order)
    local_times = [datetime.fromisoformat(text) for text in times["walls"]]
    takes_pictures = any(platform_adaptation.takes_pictures(channel.platform, order.format) for channel in channels)
    if order.pictures:
        ctx.step("identity", lambda: partial(_start_calibration, ctx, order))
    draws = bool(
        order.pictures and takes_pictures and ctx.step("models", lambda: {"n": len(ctx.app.engines.image.models())}) != {"n": 0}
    )
    run = _SeriesRun(ctx, order, influencer, channels, local_times, draws)
    topics, results = _Topics(run), list[Mapping[str, Any]]()
    for n in range(len(local_times)):
        ctx.progress(n, len(local_times), "writing posts")
        try:
            results.append(ctx.step(f"draft-{n}", partial(_write_post, run, topics, n)) or {})
        except OverBudget as error:
            written_count = sum(bool(result["plan_id"]) for result in results)
            raise OverBudget(_over_budget_message(written_count, len(local_times), error.message)) from error
    ctx.progress(len(local_times), len(local_times), "drawing")
    ctx.wait_for_children()
    written = [result for result in results if result["plan_id"]]
    reasons = list(dict.fromkeys(result["why"] for result in results if result.get("why")))
    return {
        "posts": len(written),
        "undated": sum(not result["dated"] for result in written),
        "unwritten": len(results) - len(written),
        "cost": float(sum(Decimal(result["usd"]) for result in results)),
        "model": next((result["model"] for result in written), ""),
        "pictures": order.pictures * len(written) if draws else 0,
        **({"reasons": reasons} if reasons else {}),
    }


def _over_budget_message(written: int, total: int, reason: str) -> str:
    stays = f"{written} of {total} posts are on the calendar and stay." if written else "No post was written."
    return f"{stays} {reason} Then try again: it goes on where it stopped."


def _free_times(order: SeriesOrder, tx: Session) -> dict[str, Any]:
    times, _ = service.free_times(tx, influencers.get(tx, order.influencer_id), order)
    return {"walls": [time.wall.isoformat() for time in times]}


def _start_calibration(ctx: JobContext, order: SeriesOrder, tx: Session) -> dict[str, Any]:
    """Starts the calibration of their face match before the first picture: without scores nothing can be drawn again."""
    models = ctx.app.engines.image.models()
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


def _write_post(run: _SeriesRun, topics: _Topics, n: int) -> partial[dict[str, Any]]:
    """Writes post `n`. The returned function creates its draft in the transaction that stores the step's result."""
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
        run.ctx.log(f"Post {n + 1} was not written: {error.message}", level="error")
        spent = writing.llm_cost_of(error.reply) if isinstance(error, UnusableAnswer) else LlmCost()
        return partial(_unwritten_post, topics.ideas_cost(n) + spent, error.message)
    idea_parts = {name: value for name, value in (("hook", hook[:500]), ("picture", picture[:2000])) if value}
    with_idea = CheckedText(composed.parts.model_copy(update=idea_parts), composed.notes)
    return partial(_create_draft, run, order, with_idea, topics.ideas_cost(n) + cost, n)


def _unwritten_post(cost: LlmCost, reason: str, tx: Session) -> dict[str, Any]:
    return {"plan_id": "", "dated": False, "usd": str(cost.usd), "model": cost.model, "why": reason}


def _create_draft(
    run: _SeriesRun, order: WriteOrder, composed: CheckedText, cost: LlmCost, n: int, tx: Session
) -> dict[str, Any]:
    ctx = run.ctx
    service.lock_calendar(tx, run.influencer.id)
    if jobs.get(tx, ctx.job_id).cancel_requested:
        raise Cancelled("Cancelled as asked.")
    text = writing.save_texts(tx, order, [composed], cost, job_id=ctx.job_id)[0]
    writing.set_state(tx, text.id, "used")
    local_time = _free_time_near(tx, run, run.local_times[n])
    parts, offsets = text.parts, service.channel_offsets(run.order)
    variants = tuple(
        platform_adaptation.adapt_text(
            channel.id,
            channel.platform,
            run.order.format,
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
        notes=_plan_notes(run, composed, cost, local_time),
        wall=local_time,
        zone=run.influencer.time_zone,
        variants=variants,
    )
    plan = content_plans.create(tx, draft, request_key=f"{ctx.job_id}:{n}")
    if run.draws:
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
            title=f"Picture of “{plan.title[:60]}”",
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


def _plan_notes(run: _SeriesRun, composed: CheckedText, cost: LlmCost, local_time: datetime | None) -> str:
    notes = [] if run.ctx.app.engines.text.paid else [_OFFLINE]
    notes += [note.sentence for note in composed.notes if not note.repaired]
    notes += ["Its time was taken meanwhile. Choose another one."] if local_time is None else []
    notes += [f"Picture idea: {composed.parts.picture}", f"Alt text: {composed.parts.alt_text}"]
    return "\n".join(notes)[:4000]


def run_picture(ctx: JobContext, payload: PicturePayload) -> dict[str, Any]:
    """Draws pictures, waiting without a worker slot, and attaches them to the post. Pictures that do not look like the
    influencer are drawn again, at most `redraw` times.

    Result: {pictures: attached, held: waiting in the face check, missed: below the threshold}.
    """
    rounds: list[Mapping[str, Any]] = []
    while len(rounds) <= payload.redraw and (missing := payload.n - sum(len(result["fit"]) for result in rounds)) > 0:
        result = _draw_round(ctx, payload, len(rounds), missing)
        if not result:
            return {"pictures": 0, "held": 0, "missed": 0}
        rounds.append(result)
    return ctx.step("land", lambda: partial(_attach_pictures, payload, rounds)) or {}


def _draw_round(ctx: JobContext, payload: PicturePayload, n: int, missing: int) -> Mapping[str, Any]:
    """Draws `missing` pictures and scores them; {}: the post is gone.

    Round 0 has step names without a number: jobs that began before there were rounds must find their results.
    """
    models = ctx.app.engines.image.models()
    request = ctx.step(f"ask-{n}" if n else "ask", lambda: partial(_request_pictures, ctx, payload, models, n, missing)) or {}
    if not request["generation_id"]:
        return {}
    ctx.progress(0, 0, "drawing again" if n else "drawing")
    ctx.wait_for_children()
    return ctx.step(f"look-{n}", lambda: partial(_score_pictures, payload, request["generation_id"])) or {}


def _request_pictures(
    ctx: JobContext, payload: PicturePayload, models: Any, n: int, missing: int, tx: Session
) -> dict[str, Any]:
    try:
        if content_plans.get(tx, payload.plan_id).deleted_at:
            return {"generation_id": ""}
    except NotFound:
        return {"generation_id": ""}
    size = generation.default_size(models, payload.size)
    draft = GenerationDraft(prompt=payload.prompt, influencer_id=payload.influencer_id, n=missing, size=size)
    key = f"{ctx.job_id}/pictures-{n}" if n else f"{ctx.job_id}/pictures"
    return {
        "generation_id": generation.start(tx, draft=draft, models=models, request_key=key, parent_id=ctx.job_id, aside=True).id
    }


def _score_pictures(payload: PicturePayload, generation_id: str, tx: Session) -> dict[str, Any]:
    """Keys: `fit` (picture id, asset id of those that the post may show), `drawn`, `held`, `missed`, `best` (score, threshold).

    Pictures without a score fit, and so do all where nothing is drawn again.
    """
    pictures = generation.pictures_of(tx, generation_id)
    visible = [picture for picture in pictures if picture.gate == "open"]
    below_threshold = [picture for picture in visible if payload.redraw and not _looks_alike(picture)]
    scores = [(picture.identity_score, picture.identity_line) for picture in pictures if picture.identity_score is not None]
    return {
        "fit": [(picture.id, picture.asset_id) for picture in visible if picture not in below_threshold],
        "drawn": len(pictures),
        "held": len(pictures) - len(visible),
        "missed": len(below_threshold),
        "best": max(scores, default=(None, None)),
    }


def _looks_alike(picture: PictureCard) -> bool:
    score, threshold = picture.identity_score, picture.identity_line
    return score is None or threshold is None or passes(score, threshold)


def _attach_pictures(payload: PicturePayload, rounds: Sequence[Mapping[str, Any]], tx: Session) -> dict[str, Any]:
    fitting = [(picture, asset) for result in rounds for picture, asset in result["fit"]][: payload.n]
    if len(fitting) >= min(2, payload.n):  # a carousel has at least two
        writing.set_picture(tx, payload.text_id, fitting[0][0])
        content_plans.attach_pictures(tx, payload.plan_id, [asset for _, asset in fitting], alt_text=payload.alt_text)
    else:
        fitting = []
        content_plans.mark_picture_missing(
            tx, payload.plan_id, _missing_picture_reason(rounds, influencers.get(tx, payload.influencer_id).name)
        )
    return {
        "pictures": len(fitting),
        "held": sum(result["held"] for result in rounds),
        "missed": sum(result["missed"] for result in rounds),
    }


def _missing_picture_reason(rounds: Sequence[Mapping[str, Any]], name: str) -> str:
    drawn = sum(result["drawn"] for result in rounds)
    scored = [tuple(result["best"]) for result in rounds if result["best"][0] is not None]
    score, threshold = max(scored, default=(None, None))
    best_match = (
        f" (best face match {int(score * 100)} %, needs {int(threshold * 100)} %)"
        if score is not None and threshold is not None
        else ""
    )
    return (
        f"Needs a picture: of {drawn} drawn, too few look like {name}{best_match}. "
        "Choose one from the gallery, or draw another."
    )

"""The job that fills a calendar: ideas, one text after the other, each a draft at once, each draft's pictures behind it.

Every answer of a model and every draft is a step: whatever dies, no caption is paid twice and no draft is there twice. What is
done stays when the money ends or somebody cancels.
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
from backend.engines.text.port import ReplyLost, Unusable
from backend.errors import Cancelled, NotFound, Rejected
from backend.generation import GenerationDraft, PictureCard
from backend.influencers import InfluencerCard
from backend.jobs.context import JobContext
from backend.kit.clock import now
from backend.writing import CONTENT_TYPES, IDEAS_PER_CALL, CheckedText, IdeasOrder, LlmCost, WriteOrder

_OFFLINE = "Put together by the offline writer: no language model is set."


@dataclass(frozen=True, slots=True)
class _Series:
    """What holds for the whole run. `walls`: the clock's times that were free when it began."""

    ctx: JobContext
    order: SeriesOrder
    who: InfluencerCard
    channels: Sequence[ChannelCard]
    walls: Sequence[datetime]
    draws: bool

    @property
    def content_type(self) -> str:
        return platform_adaptation.content_type(self.channels[0].platform, self.order.format)


def run_series(ctx: JobContext, payload: SeriesPayload) -> dict[str, Any]:
    """Result: {posts, undated, unwritten, cost, model, pictures}, and `reasons` where posts are unwritten."""
    order = payload.order
    ctx.progress(0, 0, "looking for free times")
    found = ctx.step("times", lambda: partial(_times, order)) or {}
    with ctx.transaction() as tx:
        who, channels = influencers.get(tx, order.influencer_id), service.chosen(tx, order)
    walls = [datetime.fromisoformat(one) for one in found["walls"]]
    takes = any(platform_adaptation.takes_pictures(one.platform, order.format) for one in channels)
    if order.pictures:
        ctx.step("identity", lambda: partial(_introduce, ctx, order))
    draws = bool(
        order.pictures and takes and ctx.step("models", lambda: {"n": len(ctx.app.engines.image.models())}) != {"n": 0}
    )
    run = _Series(ctx, order, who, channels, walls, draws)
    topics, done = _Topics(run), list[Mapping[str, Any]]()
    for n in range(len(walls)):
        ctx.progress(n, len(walls), "writing posts")
        try:
            done.append(ctx.step(f"draft-{n}", partial(_draft, run, topics, n)) or {})
        except OverBudget as over:
            kept = sum(bool(one["plan_id"]) for one in done)
            raise OverBudget(_stopped(kept, len(walls), over.message)) from over
    ctx.progress(len(walls), len(walls), "drawing")
    ctx.wait_for_children()
    made = [one for one in done if one["plan_id"]]
    reasons = list(dict.fromkeys(one["why"] for one in done if one.get("why")))
    return {
        "posts": len(made), "undated": sum(not one["dated"] for one in made), "unwritten": len(done) - len(made),
        "cost": float(sum(Decimal(one["usd"]) for one in done)), "model": next((one["model"] for one in made), ""),
        "pictures": order.pictures * len(made) if draws else 0, **({"reasons": reasons} if reasons else {}),
    }  # fmt: skip


def _stopped(done: int, of: int, why: str) -> str:
    kept = f"{done} of {of} posts are on the calendar and stay." if done else "No post was written."
    return f"{kept} {why} Then try again: it goes on where it stopped."


def _times(order: SeriesOrder, tx: Session) -> dict[str, Any]:
    found, _ = service.places(tx, influencers.get(tx, order.influencer_id), order)
    return {"walls": [one.wall.isoformat() for one in found]}


def _introduce(ctx: JobContext, order: SeriesOrder, tx: Session) -> dict[str, Any]:
    """Their face is learned before the first picture, where it is not yet: what is not scored cannot be drawn again."""
    models = ctx.app.engines.image.models()
    job = (
        identity.calibrate_on_first_use(tx, order.influencer_id, base=models[0].base, engine=ctx.app.engines.identity)
        if models
        else None
    )
    return {"job_id": job.id if job else ""}


class _Topics:
    """What each post is about: what people said first, then ideas, a week at a time."""

    def __init__(self, run: _Series) -> None:
        self._run, self._ideas, self._bills = run, dict[int, Any](), dict[int, LlmCost]()

    def bill(self, n: int) -> LlmCost:
        """Of the ideas that were asked for with post `n`, so that each call is counted with one post."""
        return self._bills.get(n, LlmCost())

    def of(self, n: int) -> tuple[str, str, str]:
        """(topic, hook, picture) of post `n`; hook and picture are empty where a person gave the topic."""
        order = self._run.order
        if n < len(order.topics):
            return order.topics[n], "", ""
        first = n - (n - len(order.topics)) % IDEAS_PER_CALL
        if first not in self._ideas:
            self._ideas[first] = self._think(first)
        idea = self._ideas[first].get(n + 1)
        if idea is None:  # the model left this one out
            return self._own(n), "", ""
        return " ".join((idea.topic or idea.hook).split())[:200] or self._own(n), idea.hook, idea.picture

    def _own(self, n: int) -> str:
        who = self._run.who
        theirs = writing.default_topics(who)
        return theirs[n % len(theirs)]

    def _think(self, first: int) -> dict[int, Any]:
        run = self._run
        n = min(IDEAS_PER_CALL, len(run.walls) - first)
        order = IdeasOrder(
            influencer_id=run.who.id, content_type=run.content_type, kinds=(run.content_type,), days=n, style=run.order.style,
            goal=run.order.goal, audience=run.order.audience,
        )  # fmt: skip
        with run.ctx.transaction() as tx:
            whose = writing.load_context(tx, run.who.id, writing.default_prompt_form(run.ctx.app))
        had = [*whose.recent, *run.order.topics, *(idea.hook for week in self._ideas.values() for idea in week.values())]
        ask = writing.ask_in_steps(run.ctx, "ideas", run.who.id)
        dates = {at + 1: run.walls[at].date() for at in range(first, first + n)}
        found, bill = writing.generate_ideas(
            ask, whose, order, first=first + 1, n=n, earlier_hooks=had[-2 * IDEAS_PER_CALL :], dates=dates
        )
        self._bills[first] = bill
        return {checked.idea.day: checked.idea for checked in found}


def _draft(run: _Series, topics: _Topics, n: int) -> partial[dict[str, Any]]:
    """Writes post `n`; what is returned puts it on the calendar in the transaction that keeps the step."""
    topic, hook, picture = topics.of(n)
    order = WriteOrder(
        influencer_id=run.who.id, content_type=run.content_type, topic=topic, style=run.order.style, length=run.order.length,
        publish_on=run.walls[n].date(), goal=run.order.goal, audience=run.order.audience,
        call_to_action=run.order.call_to_action,
    )  # fmt: skip
    with run.ctx.transaction() as tx:
        whose = writing.load_context(tx, run.who.id, writing.default_prompt_form(run.ctx.app))
    paid = run.ctx.app.engines.text.paid
    wish = order.model_copy(update={"topic": f"{topic}. It begins: {hook}"[:200]}) if hook and paid else order
    try:
        (made, *_), bill = writing.compose_texts(
            writing.ask_in_steps(run.ctx, "caption", run.who.id, prefix=f"{n}-"), whose, wish
        )
    except (Rejected, ReplyLost) as error:  # the other days do not wait for this one
        if n == 0:
            raise
        run.ctx.log(f"Post {n + 1} was not written: {error.message}", level="error")
        spent = writing.llm_cost_of(error.reply) if isinstance(error, Unusable) else LlmCost()
        return partial(_unwritten, topics.bill(n) + spent, error.message)
    own = {name: value for name, value in (("hook", hook[:500]), ("picture", picture[:2000])) if value}
    whole = CheckedText(made.parts.model_copy(update=own), made.notes)
    return partial(_put, run, order, whole, topics.bill(n) + bill, n)


def _unwritten(bill: LlmCost, why: str, tx: Session) -> dict[str, Any]:
    return {"plan_id": "", "dated": False, "usd": str(bill.usd), "model": bill.model, "why": why}


def _put(run: _Series, order: WriteOrder, made: CheckedText, bill: LlmCost, n: int, tx: Session) -> dict[str, Any]:
    ctx = run.ctx
    service.alone(tx, run.who.id)
    if jobs.get(tx, ctx.job_id).cancel_requested:
        raise Cancelled("Cancelled as asked.")
    text = writing.save_texts(tx, order, [made], bill, job_id=ctx.job_id)[0]
    writing.set_state(tx, text.id, "used")
    wall = _still_free(tx, run, run.walls[n])
    parts, later = text.parts, service.steps(run.order)
    variants = tuple(
        platform_adaptation.variant(
            one.id, one.platform, run.order.format, parts, ai_mark=run.who.ai_mark,
            after_minutes=int(later[one.id].total_seconds() // 60), privacy=run.order.privacy.get(one.id, ""),
        )
        for one in run.channels
    )  # fmt: skip
    draft = PlanDraft(
        influencer_id=run.who.id, topic=(parts.hook or order.topic)[:300], notes=_notes(run, made, bill, wall), wall=wall,
        zone=run.who.time_zone, variants=variants,
    )  # fmt: skip
    plan = content_plans.create(tx, draft, request_key=f"{ctx.job_id}:{n}")
    if run.draws:
        said = PicturePayload(
            plan_id=plan.id, text_id=text.id, influencer_id=run.who.id, prompt=parts.picture or order.topic,
            alt_text=parts.alt_text, n=run.order.pictures, size=CONTENT_TYPES[run.content_type].size,
            redraw=run.order.redraw,
        )  # fmt: skip
        jobs.enqueue(
            tx, kind=service.PICTURES, payload=said, title=f"Picture of “{plan.title[:60]}”", parent_id=ctx.job_id,
            request_key=f"{ctx.job_id}/picture-{n}", subject=("influencer", run.who.id),
        )  # fmt: skip
    return {"plan_id": plan.id, "dated": wall is not None, "usd": str(bill.usd), "model": bill.model}


def _still_free(tx: Session, run: _Series, wall: datetime) -> datetime | None:
    """Somebody may have taken the time meanwhile: the nearest free one of that day then, else none."""
    found = slots.free(
        [wall], run.who.time_zone, after=now(), taken=content_plans.taken(tx, run.who.id),
        apart_minutes=content_plans.rules_of(tx, run.who.id).gap_minutes, later=service.steps(run.order),
    )  # fmt: skip
    return found[0].wall if found else None


def _notes(run: _Series, made: CheckedText, bill: LlmCost, wall: datetime | None) -> str:
    lines = [] if run.ctx.app.engines.text.paid else [_OFFLINE]
    lines += [note.sentence for note in made.notes if not note.repaired]
    lines += ["Its time was taken meanwhile. Choose another one."] if wall is None else []
    lines += [f"Picture idea: {made.parts.picture}", f"Alt text: {made.parts.alt_text}"]
    return "\n".join(lines)[:4000]


def run_picture(ctx: JobContext, payload: PicturePayload) -> dict[str, Any]:
    """Draws, waits without a slot, and gives the post what came; what does not look like them is drawn again, `redraw` times at
    most. Result: {pictures, held: how many wait for a look, missed: how many fell short}.
    """
    rounds: list[Mapping[str, Any]] = []
    while len(rounds) <= payload.redraw and (lacks := payload.n - sum(len(one["fit"]) for one in rounds)) > 0:
        drawn = _round(ctx, payload, len(rounds), lacks)
        if not drawn:
            return {"pictures": 0, "held": 0, "missed": 0}
        rounds.append(drawn)
    return ctx.step("land", lambda: partial(_land, payload, rounds)) or {}


def _round(ctx: JobContext, payload: PicturePayload, n: int, lacks: int) -> Mapping[str, Any]:
    """Draws `lacks` pictures and looks at them; {}: the post is gone. Round 0 keeps its old step names."""
    models = ctx.app.engines.image.models()
    asked = ctx.step(f"ask-{n}" if n else "ask", lambda: partial(_ask, ctx, payload, models, n, lacks)) or {}
    if not asked["generation_id"]:
        return {}
    ctx.progress(0, 0, "drawing again" if n else "drawing")
    ctx.wait_for_children()
    return ctx.step(f"look-{n}", lambda: partial(_look, payload, asked["generation_id"])) or {}


def _ask(ctx: JobContext, payload: PicturePayload, models: Any, n: int, lacks: int, tx: Session) -> dict[str, Any]:
    try:
        if content_plans.get(tx, payload.plan_id).deleted_at:
            return {"generation_id": ""}
    except NotFound:
        return {"generation_id": ""}
    size = generation.default_size(models, payload.size)
    draft = GenerationDraft(prompt=payload.prompt, influencer_id=payload.influencer_id, n=lacks, size=size)
    key = f"{ctx.job_id}/pictures-{n}" if n else f"{ctx.job_id}/pictures"
    return {
        "generation_id": generation.start(tx, draft=draft, models=models, request_key=key, parent_id=ctx.job_id, aside=True).id
    }


def _look(payload: PicturePayload, generation_id: str, tx: Session) -> dict[str, Any]:
    """`fit`: (picture, asset) of those that a post may show; unscored ones may, and all do where nothing is drawn again."""
    found = generation.pictures_of(tx, generation_id)
    shown = [one for one in found if one.gate == "open"]
    short = [one for one in shown if payload.redraw and not _passes(one)]
    scores = [(one.identity_score, one.identity_line) for one in found if one.identity_score is not None]
    return {
        "fit": [(one.id, one.asset_id) for one in shown if one not in short], "drawn": len(found),
        "held": len(found) - len(shown), "missed": len(short), "best": max(scores, default=(None, None)),
    }  # fmt: skip


def _passes(picture: PictureCard) -> bool:
    score, line = picture.identity_score, picture.identity_line
    return score is None or line is None or passes(score, line)


def _land(payload: PicturePayload, rounds: Sequence[Mapping[str, Any]], tx: Session) -> dict[str, Any]:
    fit = [(picture, asset) for one in rounds for picture, asset in one["fit"]][: payload.n]
    if len(fit) >= min(2, payload.n):  # a carousel has at least two
        writing.set_picture(tx, payload.text_id, fit[0][0])
        content_plans.illustrate(tx, payload.plan_id, [asset for _, asset in fit], alt_text=payload.alt_text)
    else:
        fit = []
        content_plans.say_it_needs_a_picture(tx, payload.plan_id, _why(rounds, influencers.get(tx, payload.influencer_id).name))
    return {
        "pictures": len(fit), "held": sum(one["held"] for one in rounds), "missed": sum(one["missed"] for one in rounds),
    }  # fmt: skip


def _why(rounds: Sequence[Mapping[str, Any]], name: str) -> str:
    drawn = sum(one["drawn"] for one in rounds)
    score, line = max((tuple(one["best"]) for one in rounds if one["best"][0] is not None), default=(None, None))
    best = (
        f" (best face match {int(score * 100)} %, needs {int(line * 100)} %)" if score is not None and line is not None else ""
    )
    return f"Needs a picture: of {drawn} drawn, too few look like {name}{best}. Choose one from the gallery, or draw another."

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

from backend import generation, influencers, jobs, posts, writing
from backend.budgets import OverBudget
from backend.channels import ChannelCard
from backend.errors import Cancelled, NotFound, Rejected
from backend.generation import GenerationDraft
from backend.influencers import InfluencerCard
from backend.jobs.context import JobContext
from backend.kit.clock import now
from backend.planning import placing, service, tailoring
from backend.planning.schemas import PicturePayload, SeriesOrder, SeriesPayload
from backend.posts import PlanDraft
from backend.writing import A_WEEK, CONTENT_TYPES, Bill, Composed, IdeasOrder, WriteOrder

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
        return tailoring.content_type(self.channels[0].platform, self.order.format)


def run_series(ctx: JobContext, payload: SeriesPayload) -> dict[str, Any]:
    """Result: {posts, undated, unwritten, cost, model, pictures}."""
    order = payload.order
    ctx.progress(0, 0, "looking for free times")
    found = ctx.step("times", lambda: partial(_times, order)) or {}
    with ctx.transaction() as tx:
        who, channels = influencers.get(tx, order.influencer_id), service.chosen(tx, order)
    walls = [datetime.fromisoformat(one) for one in found["walls"]]
    takes = any(tailoring.takes_pictures(one.platform, order.format) for one in channels)
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
    return {
        "posts": len(made), "undated": sum(not one["dated"] for one in made), "unwritten": len(done) - len(made),
        "cost": float(sum(Decimal(one["usd"]) for one in done)), "model": next((one["model"] for one in made), ""),
        "pictures": order.pictures * len(made) if draws else 0,
    }  # fmt: skip


def _stopped(done: int, of: int, why: str) -> str:
    kept = f"{done} of {of} posts are on the calendar and stay." if done else "No post was written."
    return f"{kept} {why} Then try again: it goes on where it stopped."


def _times(order: SeriesOrder, tx: Session) -> dict[str, Any]:
    found, _ = service.places(tx, influencers.get(tx, order.influencer_id), order)
    return {"walls": [one.wall.isoformat() for one in found]}


class _Topics:
    """What each post is about: what people said first, then ideas, a week at a time."""

    def __init__(self, run: _Series) -> None:
        self._run, self._ideas, self._bills = run, dict[int, Any](), dict[int, Bill]()

    def bill(self, n: int) -> Bill:
        """Of the ideas that were asked for with post `n`, so that each call is counted with one post."""
        return self._bills.get(n, Bill())

    def of(self, n: int) -> tuple[str, str, str]:
        """(topic, hook, picture) of post `n`; hook and picture are empty where a person gave the topic."""
        order = self._run.order
        if n < len(order.topics):
            return order.topics[n], "", ""
        first = n - (n - len(order.topics)) % A_WEEK
        if first not in self._ideas:
            self._ideas[first] = self._think(first)
        idea = self._ideas[first].get(n + 1)
        if idea is None:  # the model left this one out
            theirs = self._run.who.persona.topics
            return (theirs[n % len(theirs)] if theirs else "an ordinary day"), "", ""
        return " ".join((idea.topic or idea.hook).split())[:200] or "an ordinary day", idea.hook, idea.picture

    def _think(self, first: int) -> dict[int, Any]:
        run = self._run
        n = min(A_WEEK, len(run.walls) - first)
        order = IdeasOrder(
            influencer_id=run.who.id, content_type=run.content_type, kinds=(run.content_type,), days=n, style=run.order.style
        )
        with run.ctx.transaction() as tx:
            whose = writing.whose(tx, run.who.id)
        had = [*whose.recent, *run.order.topics, *(idea.hook for week in self._ideas.values() for idea in week.values())]
        ask = writing.asker(run.ctx, "ideas", run.who.id)
        found, bill = writing.think_of_days(ask, whose, order, first=first + 1, n=n, had=had[-2 * A_WEEK :])
        self._bills[first] = bill
        return {idea.day: idea for idea in found}


def _draft(run: _Series, topics: _Topics, n: int) -> partial[dict[str, Any]]:
    """Writes post `n`; what is returned puts it on the calendar in the transaction that keeps the step."""
    topic, hook, picture = topics.of(n)
    order = WriteOrder(
        influencer_id=run.who.id, content_type=run.content_type, topic=topic, style=run.order.style, length=run.order.length
    )
    with run.ctx.transaction() as tx:
        whose = writing.whose(tx, run.who.id)
    paid = run.ctx.app.engines.text.paid
    wish = order.model_copy(update={"topic": f"{topic}. It begins: {hook}"[:200]}) if hook and paid else order
    try:
        (made, *_), bill = writing.compose(writing.asker(run.ctx, "caption", run.who.id, prefix=f"{n}-"), whose, wish)
    except Rejected as error:  # two answers nobody can read: the other days do not wait for this one
        if n == 0:
            raise
        run.ctx.log(f"Post {n + 1} was not written: {error.message}", level="error")
        return partial(_unwritten, topics.bill(n))
    own = {name: value for name, value in (("hook", hook[:500]), ("picture", picture[:2000])) if value}
    whole = Composed(made.parts.model_copy(update=own), made.notes)
    return partial(_put, run, order, whole, topics.bill(n) + bill, n)


def _unwritten(bill: Bill, tx: Session) -> dict[str, Any]:
    return {"plan_id": "", "dated": False, "usd": str(bill.usd), "model": bill.model}


def _put(run: _Series, order: WriteOrder, made: Composed, bill: Bill, n: int, tx: Session) -> dict[str, Any]:
    ctx = run.ctx
    service.alone(tx, run.who.id)
    if jobs.get(tx, ctx.job_id).cancel_requested:
        raise Cancelled("Cancelled as asked.")
    text = writing.keep(tx, order, [made], bill, job_id=ctx.job_id)[0]
    writing.mark(tx, text.id, "used")
    wall = _still_free(tx, run, run.walls[n])
    parts, later = text.parts, service.steps(run.order)
    variants = tuple(
        tailoring.variant(
            one.id, one.platform, run.order.format, parts, ai_mark=run.who.ai_mark,
            after_minutes=int(later[one.id].total_seconds() // 60), privacy=run.order.privacy.get(one.id, ""),
        )
        for one in run.channels
    )  # fmt: skip
    draft = PlanDraft(
        influencer_id=run.who.id, topic=(parts.hook or order.topic)[:300], notes=_notes(run, made, bill, wall), wall=wall,
        zone=run.who.time_zone, variants=variants,
    )  # fmt: skip
    plan = posts.create(tx, draft, request_key=f"{ctx.job_id}:{n}")
    if run.draws:
        said = PicturePayload(
            plan_id=plan.id, text_id=text.id, influencer_id=run.who.id, prompt=parts.picture or order.topic,
            alt_text=parts.alt_text, n=run.order.pictures, size=CONTENT_TYPES[run.content_type].size,
        )  # fmt: skip
        jobs.enqueue(
            tx, kind=service.PICTURES, payload=said, title=f"Picture of “{plan.title[:60]}”", parent_id=ctx.job_id,
            request_key=f"{ctx.job_id}/picture-{n}", subject=("influencer", run.who.id),
        )  # fmt: skip
    return {"plan_id": plan.id, "dated": wall is not None, "usd": str(bill.usd), "model": bill.model}


def _still_free(tx: Session, run: _Series, wall: datetime) -> datetime | None:
    """Somebody may have taken the time meanwhile: the nearest free one of that day then, else none."""
    found = placing.free(
        [wall], run.who.time_zone, after=now(), taken=posts.taken(tx, run.who.id),
        apart_minutes=posts.rules_of(tx, run.who.id).gap_minutes, later=service.steps(run.order),
    )  # fmt: skip
    return found[0].wall if found else None


def _notes(run: _Series, made: Composed, bill: Bill, wall: datetime | None) -> str:
    lines = [] if run.ctx.app.engines.text.paid else [_OFFLINE]
    lines += [note.sentence for note in made.notes if not note.repaired]
    lines += ["Its time was taken meanwhile. Choose another one."] if wall is None else []
    lines += [f"Picture idea: {made.parts.picture}", f"Alt text: {made.parts.alt_text}"]
    return "\n".join(lines)[:4000]


def run_picture(ctx: JobContext, payload: PicturePayload) -> dict[str, Any]:
    """Draws, waits without a slot, and gives the post what came. Result: {pictures, held: how many wait for a look}."""
    models = ctx.app.engines.image.models()
    asked = ctx.step("ask", lambda: partial(_ask, ctx, payload, models)) or {}
    if not asked["generation_id"]:
        return {"pictures": 0, "held": 0}
    ctx.progress(0, 0, "drawing")
    ctx.wait_for_children()
    return ctx.step("land", lambda: partial(_land, payload, asked["generation_id"])) or {}


def _ask(ctx: JobContext, payload: PicturePayload, models: Any, tx: Session) -> dict[str, Any]:
    try:
        if posts.get(tx, payload.plan_id).deleted_at:
            return {"generation_id": ""}
    except NotFound:
        return {"generation_id": ""}
    draft = GenerationDraft(prompt=payload.prompt, influencer_id=payload.influencer_id, n=payload.n, size=payload.size)
    key = f"{ctx.job_id}/pictures"
    return {
        "generation_id": generation.start(tx, draft=draft, models=models, request_key=key, parent_id=ctx.job_id, aside=True).id
    }


def _land(payload: PicturePayload, generation_id: str, tx: Session) -> dict[str, Any]:
    found = generation.pictures_of(tx, generation_id)
    fit = [one for one in found if one.gate == "open"]
    if fit:
        writing.drawn(tx, payload.text_id, fit[0].id)
        posts.illustrate(tx, payload.plan_id, [one.asset_id for one in fit], alt_text=payload.alt_text)
    return {"pictures": len(fit), "held": len(found) - len(fit)}
